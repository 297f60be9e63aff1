package io.ruido.diffusion.schedules;

import java.util.Arrays;

/**
 * The timesteps and noise levels that a trajectory visits.
 *
 * @param timesteps for the denoiser, noisiest first
 * @param sigmas ratio of noise to signal at each timestep, and one more after the last step; for flow matching the
 *     share of noise
 */
public record Grid(double[] timesteps, double[] sigmas) {
    /** Rounds sigmas to float32, as all of diffusers' samplers do. */
    static Grid of(double[] timesteps, double[] sigmas, double finalSigma) {
        double[] all = Arrays.copyOf(sigmas, sigmas.length + 1);
        all[sigmas.length] = finalSigma;
        return new Grid(
                timesteps, Arrays.stream(all).map(sigma -> (float) sigma).toArray());
    }

    public int steps() {
        return timesteps.length;
    }
}
