package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.Grid;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerSettings;
import io.ruido.diffusion.schedules.SigmaGrids;
import java.util.ArrayList;
import java.util.List;

/**
 * Heun's method on the probability flow ODE: Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based
 * Generative Models" (arXiv:2206.00364), algorithm 1. A step is an Euler step and, except for the last, a second call of
 * the denoiser where it arrived, whose derivative is averaged with the first. Histories: h₁ the first derivative, h₂ the
 * latent at the start of the step.
 */
final class Heun implements Sampler {
    private final SigmaGrids grids;
    private final Prediction prediction;
    private final Clamp clamp;

    Heun(SchedulerSettings settings) {
        grids = new SigmaGrids(settings);
        prediction = Prediction.of(settings);
        clamp = Clamp.of(settings);
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        Grid grid = grids.grid(steps);
        double[] sigmas = grid.sigmas();
        List<Step> calls = new ArrayList<>();
        for (int i = skip / callsPerStep(); i < grid.steps(); i++) {
            Linear derivative = Linear.X.minus(Linear.X0).over(sigmas[i]); // equation 3
            Linear euler = Linear.X.plus(derivative.times(sigmas[i + 1] - sigmas[i]));
            if (i == grid.steps() - 1) {
                calls.add(step(grid.timesteps()[i], sigmas[i], euler));
            } else {
                calls.add(step(grid.timesteps()[i], sigmas[i], euler, derivative, Linear.X)
                        .asInterim());
                calls.add(step(grid.timesteps()[i + 1], sigmas[i + 1], corrected(sigmas[i], sigmas[i + 1])));
            }
        }
        return new Trajectory(calls, grids.initialNoise(grid), clamp);
    }

    private static Linear corrected(double sigma, double sigmaNext) {
        Linear derivative = Linear.X.minus(Linear.X0).over(sigmaNext);
        Linear average = Linear.history(1).plus(derivative).over(2);
        return Linear.history(2).plus(average.times(sigmaNext - sigma));
    }

    private Step step(double timestep, double sigma, Linear... next) {
        return new Step(timestep, SigmaGrids.inputScale(sigma), new Level(1, sigma), prediction.x0(sigma), next);
    }

    @Override
    public int callsPerStep() {
        return 2;
    }
}
