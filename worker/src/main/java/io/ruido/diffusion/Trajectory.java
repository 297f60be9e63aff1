package io.ruido.diffusion;

import java.util.Arrays;
import java.util.List;

/**
 * The way from noise to a clean latent, as data: what a sampler is to the denoise loop. Between two steps the whole state
 * of a sample is x, {@link #histories()} tensors of x's shape (zeros at the start), the index of the next step and the
 * state of its noise generator.
 *
 * @param steps one for each call of the denoiser
 * @param initialNoise standard deviation of the first latent, where it starts as pure noise
 */
public record Trajectory(List<Step> steps, double initialNoise, Clamp clamp) {
    public Trajectory {
        steps = List.copyOf(steps);
        if (steps.isEmpty() || steps.getLast().interim()) {
            throw new IllegalArgumentException("a trajectory has at least one step, and ends with a whole one");
        }
    }

    /** Tensors to keep for each sample besides x. */
    public int histories() {
        return steps.stream()
                .flatMap(step -> step.next().stream())
                .mapToInt(Linear::histories)
                .max()
                .orElse(0);
    }

    /** Differs, in all likelihood, where a step does; the same on every machine. */
    int fingerprint() {
        int histories = histories();
        int fingerprint = Double.hashCode(initialNoise);
        for (Step step : steps) {
            fingerprint = 31 * fingerprint + Double.hashCode(step.timestep());
            fingerprint = 31 * fingerprint + Arrays.deepHashCode(step.matrix(histories));
        }
        return fingerprint;
    }

    /** Denoiser calls. */
    public int size() {
        return steps.size();
    }

    /** Steps, as a user counts them, that are made after so many denoiser calls. */
    public int made(int calls) {
        return (int) steps.stream().limit(calls).filter(step -> !step.interim()).count();
    }
}
