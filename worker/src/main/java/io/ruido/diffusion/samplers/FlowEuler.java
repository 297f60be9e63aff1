package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.FlowGrids;
import io.ruido.diffusion.schedules.Grid;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerSettings;
import java.util.stream.IntStream;

/**
 * Euler's method on the ODE dx/dσ = v of flow matching: Lipman et al. 2023 (arXiv:2210.02747), and Liu et al. 2023,
 * "Flow Straight and Fast" (arXiv:2209.03003), algorithm 1.
 */
final class FlowEuler implements Sampler {
    private final FlowGrids grids;

    FlowEuler(SchedulerSettings settings) {
        grids = new FlowGrids(settings);
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        Grid grid = grids.grid(steps);
        return new Trajectory(
                IntStream.range(skip, grid.steps()).mapToObj(i -> step(grid, i)).toList(), 1, new Clamp.None());
    }

    private static Step step(Grid grid, int i) {
        Level level = Level.ofFlow(grid.sigmas()[i]);
        double change = grid.sigmas()[i + 1] - grid.sigmas()[i];
        Linear next = Linear.X.plus(Linear.OUTPUT.times(change));
        return new Step(grid.timesteps()[i], 1, level, Prediction.FLOW.x0(level), next);
    }
}
