package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.Grid;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerSettings;
import io.ruido.diffusion.schedules.SigmaGrids;
import java.util.stream.IntStream;

/**
 * Euler's method with noise added at each step, as Katherine Crowson's k-diffusion has it: each step goes below the next
 * level, and fresh noise raises it there again. The noise is that of DDPM (Song et al. 2020, arXiv:2010.02502, equation 16
 * with η = 1 unless named otherwise), in terms of σ.
 */
final class EulerAncestral implements Sampler {
    private final SigmaGrids grids;
    private final Prediction prediction;
    private final double eta;

    EulerAncestral(SchedulerSettings settings) {
        grids = new SigmaGrids(settings);
        prediction = Prediction.of(settings);
        eta = settings.decimal("ancestral_eta", 0, 1);
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        Grid grid = grids.grid(steps);
        return new Trajectory(
                IntStream.range(skip, grid.steps())
                        .mapToObj(i -> step(grid.timesteps()[i], grid.sigmas()[i], grid.sigmas()[i + 1]))
                        .toList(),
                grids.initialNoise(grid),
                new Clamp.None());
    }

    private Step step(double timestep, double sigma, double sigmaNext) {
        double up = Ancestral.up(sigma, sigmaNext, eta);
        double down = Ancestral.down(sigma, sigmaNext, eta);
        Linear derivative = Linear.X.minus(Linear.X0).over(sigma);
        Linear next = Linear.X.plus(derivative.times(down - sigma)).plus(Linear.NOISE.times(up));
        return new Step(timestep, SigmaGrids.inputScale(sigma), new Level(1, sigma), prediction.x0(sigma), next);
    }
}
