package io.ruido.diffusion.schedules;

import io.ruido.diffusion.Linear;
import java.util.Arrays;
import java.util.Set;

/**
 * Grids and preconditioning of Karras et al. 2022 (arXiv:2206.00364), table 1, last column: the denoiser is told ln(σ)/4 instead
 * of a timestep, and its output is scaled and mixed with the latent.
 */
public final class EdmGrids {
    private final double least;
    private final double greatest;
    private final double data;
    private final double rho;
    private final boolean karras;
    private final boolean clean;
    private final double sign;

    public EdmGrids(SchedulerSettings settings) {
        least = settings.decimal("sigma_min", Double.MIN_VALUE, 1e6);
        greatest = settings.decimal("sigma_max", least, 1e6);
        data = settings.decimal("sigma_data", Double.MIN_VALUE, 1e6);
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
    public Grid gridToLeast(int steps) {
        return grid(sigmas(steps), clean ? 0 : least);
    }

    private double[] sigmas(int steps) {
        double[] sigmas = new double[steps];
        for (int i = 0; i < steps; i++) {
            sigmas[i] = sigma(steps == 1 ? only() : (double) i / (steps - 1));
        }
        return sigmas;
    }

    private static Grid grid(double[] sigmas, double last) {
        double[] timesteps =
                Arrays.stream(sigmas).map(sigma -> Math.log((float) sigma) / 4).toArray();
        return Grid.of(timesteps, sigmas, last);
    }

    /** Where a single step begins: as diffusers counts, at the least σ of the exponential schedule. */
    private double only() {
        return karras ? 0 : 1;
    }

    /** @param ramp from 0 at the beginning to 1 at the end */
    private double sigma(double ramp) {
        if (!karras) {
            return Math.exp(Math.log(greatest) + ramp * (Math.log(least) - Math.log(greatest)));
        }
        double first = Math.pow(greatest, 1 / rho);
        return Math.pow(first + ramp * (Math.pow(least, 1 / rho) - first), rho);
    }

    /** Standard deviation of the first latent. */
    public double initialNoise() {
        return Math.hypot(greatest, 1);
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
        return 1 / Math.hypot(sigma, data);
    }

    /** c_skip·x + c_out·m. */
    public Linear x0(double sigma) {
        double variance = sigma * sigma + data * data;
        return Linear.X
                .times(data * data / variance)
                .plus(Linear.OUTPUT.times(sign * sigma * data / Math.sqrt(variance)));
    }
}
