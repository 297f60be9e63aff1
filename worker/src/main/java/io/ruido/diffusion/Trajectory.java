package io.ruido.diffusion;

import java.util.List;

/**
 * The way from noise to a clean latent, as data: what a sampler is to the denoise loop. Between two steps the whole state
 * of a sample is x, {@link #histories()} tensors of x's shape (zeros at the start), the index of the next step and the
 * state of its noise generator.
 *
 * @param initialNoise standard deviation of the first latent, where it starts as pure noise
 */
public record Trajectory(List<Step> steps, double initialNoise, Clamp clamp) {
    public Trajectory {
        steps = List.copyOf(steps);
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("a trajectory has at least one step");
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

    /** Denoiser calls. */
    public int size() {
        return steps.size();
    }
}
