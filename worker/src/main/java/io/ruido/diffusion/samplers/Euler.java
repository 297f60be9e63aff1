package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.Grid;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerSettings;
import io.ruido.diffusion.schedules.SigmaGrids;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Euler's method on the probability flow ODE: Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based
 * Generative Models" (arXiv:2206.00364), algorithm 1 without its second-order correction. With churn it adds noise before a
 * step, as algorithm 2 does; but the denoiser is called without that noise, as in diffusers.
 */
final class Euler implements Sampler {
    private final SigmaGrids grids;
    private final Prediction prediction;
    private final boolean continuous;
    private final double churn;
    private final double tmin;
    private final double tmax;
    private final double noise;

    Euler(SchedulerSettings settings) {
        grids = new SigmaGrids(settings);
        prediction = Prediction.of(settings);
        churn = settings.decimal("s_churn");
        tmin = settings.decimal("s_tmin");
        tmax = settings.decimalOr("s_tmax", Double.POSITIVE_INFINITY);
        noise = settings.decimal("s_noise");
        continuous =
                settings.text("timestep_type", Set.of("discrete", "continuous")).equals("continuous")
                        && prediction == Prediction.V_PREDICTION;
        if (continuous && grids.spacesSigmas()) { // with which diffusers makes one step more than it is asked for
            throw settings.unsupported("interpolation_type", "linear where timestep_type is continuous");
        }
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        Grid grid = grids.grid(steps);
        double[] sigmas = grid.sigmas();
        return new Trajectory(
                IntStream.range(skip, grid.steps())
                        .mapToObj(i -> step(
                                continuous ? Math.log(sigmas[i]) / 4 : grid.timesteps()[i],
                                sigmas[i],
                                sigmas[i + 1],
                                gamma(sigmas[i], sigmas.length - 1)))
                        .toList(),
                grids.initialNoise(grid),
                new Clamp.None());
    }

    /** γ of algorithm 2, by which σ grows. */
    private double gamma(double sigma, int steps) {
        return sigma >= tmin && sigma <= tmax ? Math.min(churn / steps, Math.sqrt(2) - 1) : 0;
    }

    private Step step(double timestep, double sigma, double sigmaNext, double gamma) {
        if (gamma > 0) {
            return churned(timestep, sigma, sigmaNext, sigma * (1 + gamma));
        }
        Linear derivative = Linear.X.minus(Linear.X0).over(sigma); // dx/dσ, equation 3
        Linear next = Linear.X.plus(derivative.times(sigmaNext - sigma));
        return new Step(timestep, SigmaGrids.inputScale(sigma), new Level(1, sigma), prediction.x0(sigma), next);
    }

    /** @param more σ̂, after noise was added */
    private Step churned(double timestep, double sigma, double sigmaNext, double more) {
        Linear x = Linear.X.plus(Linear.NOISE.times(noise * Math.sqrt(more * more - sigma * sigma)));
        Linear estimate = prediction.x0(prediction == Prediction.EPSILON ? more : sigma);
        Linear x0 = x.times(estimate.x()).plus(Linear.OUTPUT.times(estimate.output()));
        Linear derivative = x.minus(x0).over(more);
        Linear next = x.plus(derivative.times(sigmaNext - more));
        return new Step(timestep, SigmaGrids.inputScale(sigma), new Level(1, sigma), estimate, next);
    }
}
