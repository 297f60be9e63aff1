package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.Level;

/** Compiles a number of steps to a trajectory. Immutable: one sampler serves all jobs. */
public interface Sampler {
    /**
     * @param steps as a user counts them; second-order samplers call the denoiser more often
     * @param skip denoiser calls left out at the start, from the noisiest
     * @throws IllegalArgumentException if the sampler cannot make that many steps, naming the number
     */
    Trajectory trajectory(int steps, int skip);

    /** Returns all steps, from pure noise. */
    default Trajectory trajectory(int steps) {
        return trajectory(steps, 0);
    }

    /**
     * Returns only the last steps, for an image with noise of the first one's {@link Level}.
     *
     * @param made number of steps, at least 1
     */
    default Trajectory lastSteps(int steps, int made) {
        return trajectory(steps, (steps - made) * callsPerStep());
    }

    /** Returns the number of denoiser calls per step; a trajectory cannot start between them. */
    default int callsPerStep() {
        return 1;
    }
}
