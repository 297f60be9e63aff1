package io.ruido.diffusion;

import java.util.Arrays;
import java.util.List;

/**
 * The steps from noise to a clean latent, as data. The denoise loop knows samplers only in this form. Between two steps
 * the whole state of a sample is x, {@link #histories()} tensors of x's shape (zeros at the start), the index of the
 * next step and the state of its noise generator.
 *
 * @param steps one for each call of the denoiser
 * @param initialNoise standard deviation of the initial latent, if it is pure noise
 */
public record Trajectory(List<Step> steps, double initialNoise, Clamp clamp) {
    public Trajectory {
        steps = List.copyOf(steps);
        if (steps.isEmpty() || steps.getLast().interim()) {
            throw new IllegalArgumentException("a trajectory has at least one step, and ends with a whole one");
        }
    }

    /** Returns the number of tensors to keep for each sample in addition to x. */
    public int histories() {
        return steps.stream()
                .flatMap(step -> step.next().stream())
                .mapToInt(Linear::histories)
                .max()
                .orElse(0);
    }

    /** Returns a hash of all steps, which is the same on every machine. */
    int fingerprint() {
        int histories = histories();
        int fingerprint = Double.hashCode(initialNoise);
        for (Step step : steps) {
            fingerprint = 31 * fingerprint + Double.hashCode(step.timestep());
            fingerprint = 31 * fingerprint + Arrays.deepHashCode(step.matrix(histories));
        }
        return fingerprint;
    }

    /** Returns the number of denoiser calls. */
    public int size() {
        return steps.size();
    }

    /** Returns the number of steps, as a user counts them, after a number of denoiser calls. */
    public int stepsAfter(int calls) {
        return (int) steps.stream().limit(calls).filter(step -> !step.interim()).count();
    }
}
