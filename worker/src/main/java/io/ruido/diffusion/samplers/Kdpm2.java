package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.Grid;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerSettings;
import io.ruido.diffusion.schedules.SigmaGrids;
import io.ruido.diffusion.schedules.Sigmas.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * DPM-Solver-2 in terms of σ: Karras et al. 2022 (arXiv:2206.00364), algorithm 2, with the midpoint of Lu et al. 2022
 * (arXiv:2206.00927), algorithm 1, as Katherine Crowson's k-diffusion has it. A step goes to the geometric mean of two levels,
 * and with the derivative there from its beginning to its end; the last one is a step of Euler. The ancestral method goes below
 * the next level, and fresh noise raises it there again. History h₁: the latent at the start of the step.
 */
final class Kdpm2 implements Sampler {
    private final SigmaGrids grids;
    private final Prediction prediction;
    private final boolean ancestral;
    private final boolean rounds;

    private Kdpm2(SchedulerSettings settings, boolean ancestral) {
        grids = new SigmaGrids(settings);
        prediction = Prediction.of(settings);
        rounds = Shape.of(settings) == Shape.KARRAS;
        this.ancestral = ancestral;
    }

    static Kdpm2 plain(SchedulerSettings settings) {
        return new Kdpm2(settings, false);
    }

    static Kdpm2 ancestral(SchedulerSettings settings) {
        return new Kdpm2(settings, true);
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        Grid grid = grids.grid(steps);
        double[] sigmas = grid.sigmas();
        List<Step> calls = new ArrayList<>();
        for (int i = skip / callsPerStep(); i < grid.steps(); i++) {
            double timestep = rounds ? Math.rint(grid.timesteps()[i]) : grid.timesteps()[i];
            Linear derivative = Linear.X.minus(Linear.X0).over(sigmas[i]);
            if (i == grid.steps() - 1) {
                calls.add(step(timestep, sigmas[i], Linear.X.minus(derivative.times(sigmas[i]))));
                continue;
            }
            double up = ancestral ? Ancestral.up(sigmas[i], sigmas[i + 1], 1) : 0;
            double down = ancestral ? down((float) sigmas[i], (float) sigmas[i + 1]) : sigmas[i + 1];
            double middle = Math.sqrt(sigmas[i] * down);
            calls.add(step(timestep, sigmas[i], Linear.X.plus(derivative.times(middle - sigmas[i])), Linear.X)
                    .asInterim());
            Linear there = Linear.X.minus(Linear.X0).over(middle);
            Linear next = Linear.history(1).plus(there.times(down - sigmas[i]));
            calls.add(step(grids.timestep(middle), middle, up == 0 ? next : next.plus(Linear.NOISE.times(up))));
        }
        return new Trajectory(calls, grids.initialNoise(grid), new Clamp.None());
    }

    /** {@link Ancestral#down} in diffusers' float32, which rounds it by up to a few percent; the geometric mean shows that. */
    private static double down(float sigma, float sigmaNext) {
        float next = sigmaNext * sigmaNext;
        float up = (float) Math.sqrt(next * (sigma * sigma - next) / (sigma * sigma));
        float down = (float) Math.sqrt(next - up * up);
        return down > 0 ? down : Ancestral.down(sigma, sigmaNext, 1); // else nothing is left of it
    }

    private Step step(double timestep, double sigma, Linear... next) {
        return new Step(timestep, SigmaGrids.inputScale(sigma), new Level(1, sigma), prediction.x0(sigma), next);
    }

    @Override
    public int callsPerStep() {
        return 2;
    }
}
