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
 * Generative Models" (arXiv:2206.00364), algorithm 1 without its second-order correction.
 */
final class Euler implements Sampler {
    private final SigmaGrids grids;
    private final Prediction prediction;
    private final boolean continuous;

    Euler(SchedulerSettings settings) {
        grids = new SigmaGrids(settings);
        prediction = Prediction.of(settings);
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
                                continuous ? Math.log(sigmas[i]) / 4 : grid.timesteps()[i], sigmas[i], sigmas[i + 1]))
                        .toList(),
                grids.initialNoise(grid),
                new Clamp.None());
    }

    private Step step(double timestep, double sigma, double sigmaNext) {
        Linear derivative = Linear.X.minus(Linear.X0).over(sigma); // dx/dσ, equation 3
        Linear next = Linear.X.plus(derivative.times(sigmaNext - sigma));
        return new Step(timestep, SigmaGrids.inputScale(sigma), new Level(1, sigma), prediction.x0(sigma), next);
    }
}
