package io.ruido.diffusion.schedules;

import io.ruido.diffusion.Linear;
import java.util.Arrays;
import java.util.Set;

/**
 * Grids and preconditioning of Karras et al. 2022 (arXiv:2206.00364), table 1, last column: the denoiser gets ln(σ)/4 instead
 * of a timestep, and its output is scaled and mixed with the latent.
 */
public final class EdmGrids {
    private final double sigmaMin;
    private final double sigmaMax;
    private final double sigmaData;
    private final double rho;
    private final boolean karras;
    private final boolean clean;
    private final double sign;

    public EdmGrids(SchedulerSettings settings) {
        sigmaMin = settings.decimal("sigma_min", Double.MIN_VALUE, 1e6);
        sigmaMax = settings.decimal("sigma_max", sigmaMin, 1e6);
        sigmaData = settings.decimal("sigma_data", Double.MIN_VALUE, 1e6);
        rho = settings.decimal("rho", 1e-3, 1e3);
        karras =
                settings.text("sigma_schedule", Set.of("karras", "exponential")).equals("karras");
        clean = settings.text("final_sigmas_type", Set.of("zero", "sigma_min")).equals("zero");
        sign = settings.text("prediction_type", Set.of("epsilon", "v_prediction"))
                        .equals("epsilon")
                ? 1
                : -1;
    }

    /** The grid of Euler's method, which ends clean or where its last step begins. */
    public Grid grid(int steps) {
        double[] sigmas = sigmas(steps);
        return grid(sigmas, clean ? 0 : sigmas[steps - 1]);
    }

    /** The grid of the multistep solver, which ends clean or at the least σ. */
    public Grid gridToSigmaMin(int steps) {
        return grid(sigmas(steps), clean ? 0 : sigmaMin);
    }

    private double[] sigmas(int steps) {
        double[] sigmas = new double[steps];
        for (int i = 0; i < steps; i++) {
            sigmas[i] = sigma(steps == 1 ? rampOfSingleStep() : (double) i / (steps - 1));
        }
        return sigmas;
    }

    private static Grid grid(double[] sigmas, double last) {
        double[] timesteps =
                Arrays.stream(sigmas).map(sigma -> Math.log((float) sigma) / 4).toArray();
        return Grid.of(timesteps, sigmas, last);
    }

    /** Where a single step begins: as diffusers counts, at the least σ of the exponential schedule. */
    private double rampOfSingleStep() {
        return karras ? 0 : 1;
    }

    /** @param ramp from 0 at the beginning to 1 at the end */
    private double sigma(double ramp) {
        if (!karras) {
            return Math.exp(Math.log(sigmaMax) + ramp * (Math.log(sigmaMin) - Math.log(sigmaMax)));
        }
        double first = Math.pow(sigmaMax, 1 / rho);
        return Math.pow(first + ramp * (Math.pow(sigmaMin, 1 / rho) - first), rho);
    }

    /** Standard deviation of the first latent. */
    public double initialNoise() {
        return Math.hypot(sigmaMax, 1);
    }

    /** Whether the last step goes to a clean latent. */
    public boolean endsClean() {
        return clean;
    }

    public Level level(double sigma) {
        return new Level(1, sigma);
    }

    /** c_in. */
    public double inputScale(double sigma) {
        return 1 / Math.hypot(sigma, sigmaData);
    }

    /** c_skip·x + c_out·m. */
    public Linear x0(double sigma) {
        double variance = sigma * sigma + sigmaData * sigmaData;
        return Linear.X
                .times(sigmaData * sigmaData / variance)
                .plus(Linear.OUTPUT.times(sign * sigma * sigmaData / Math.sqrt(variance)));
    }
}
