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

    /** From pure noise. */
    default Trajectory trajectory(int steps) {
        return trajectory(steps, 0);
    }

    /**
     * From a picture that is brought to the first step's {@link Level}.
     *
     * @param strength above 0, at most 1: the share of the steps that is made
     */
    default Trajectory trajectory(int steps, double strength) {
        if (!(strength > 0 && strength <= 1)) {
            throw new IllegalArgumentException("strength must be above 0 and at most 1, was " + strength);
        }
        int made = (int) (steps * strength);
        if (made == 0) {
            throw new IllegalArgumentException("strength %s of %d steps leaves no step".formatted(strength, steps));
        }
        return trajectory(steps, (steps - made) * callsPerStep());
    }

    /** Denoiser calls that belong together, so that a start in between them makes no sense. */
    default int callsPerStep() {
        return 1;
    }
}
