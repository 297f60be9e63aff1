package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.EdmGrids;
import io.ruido.diffusion.schedules.Grid;
import io.ruido.diffusion.schedules.SchedulerSettings;
import java.util.stream.IntStream;

/** {@link Euler} for models with the preconditioning of Karras et al. 2022 (arXiv:2206.00364), section 5. */
final class EdmEuler implements Sampler {
    private final EdmGrids grids;

    EdmEuler(SchedulerSettings settings) {
        grids = new EdmGrids(settings);
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        Grid grid = grids.grid(steps);
        return new Trajectory(
                IntStream.range(skip, grid.steps())
                        .mapToObj(i -> step(grid.timesteps()[i], grid.sigmas()[i], grid.sigmas()[i + 1]))
                        .toList(),
                grids.initialNoise(),
                new Clamp.None());
    }

    private Step step(double timestep, double sigma, double sigmaNext) {
        Linear derivative = Linear.X.minus(Linear.X0).over(sigma);
        Linear next = Linear.X.plus(derivative.times(sigmaNext - sigma));
        return new Step(timestep, grids.inputScale(sigma), grids.level(sigma), grids.x0(sigma), next);
    }
}
