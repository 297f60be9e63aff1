package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.DpmGrids;
import io.ruido.diffusion.schedules.Grid;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Singlestep DPM-Solver of order 1 to 3: Lu et al. 2022, "DPM-Solver: A Fast ODE Solver for Diffusion Probabilistic Model
 * Sampling in Around 10 Steps" (arXiv:2206.00927), algorithms 1 and 2, and appendix D.5; for x̂₀, Lu et al. 2022b
 * (arXiv:2211.01095), algorithm 1. Each denoiser call counts as a step; a group of them goes from the same start with
 * rising order. Histories: h₁ the latent at the start of the group, then the model's earlier predictions.
 */
final class DpmSinglestep implements Sampler {
    private final DpmGrids grids;
    private final Prediction prediction;
    private final Clamp clamp;
    private final DpmAlgorithm algorithm;
    private final boolean midpoint;
    private final int solverOrder;
    private final boolean lowerOrderFinal;

    DpmSinglestep(SchedulerSettings settings) {
        grids = new DpmGrids(settings, true, false);
        prediction = Prediction.ofEitherKind(settings);
        clamp = Clamp.of(settings);
        algorithm = DpmAlgorithm.of(settings);
        if (algorithm == DpmAlgorithm.NOISE_SDE) {
            throw settings.unsupported("algorithm_type", "dpmsolver++, sde-dpmsolver++, dpmsolver");
        }
        midpoint = !settings.text("solver_type", Set.of("midpoint", "heun", "logrho", "bh1", "bh2"))
                .equals("heun");
        solverOrder = settings.number("solver_order", 1, 3);
        lowerOrderFinal = settings.flag("lower_order_final");
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        Grid grid = grids.grid(steps);
        int[] orders = orders(steps);
        List<Step> calls = new ArrayList<>();
        for (int i = skip; i < grid.steps(); i++) {
            calls.add(step(grid, i, Math.min(orders[i], i - skip + 1)));
        }
        return new Trajectory(calls, 1, clamp);
    }

    /** 1, 2 … {@code solverOrder} again and again; at the end there may be no room for a whole group. */
    private int[] orders(int steps) {
        int[] orders = IntStream.range(0, steps).map(i -> 1 + i % solverOrder).toArray();
        if (grids.endsClean() || lowerOrderFinal && steps % solverOrder == 0) {
            orders[steps - 1] = 1;
        }
        return orders;
    }

    private Step step(Grid grid, int i, int order) {
        Level t = grids.level(grid.sigmas()[i + 1]);
        Level s0 = grids.level(grid.sigmas()[i]);
        Level start = grids.level(grid.sigmas()[i - order + 1]);
        Linear model = algorithm.model(prediction, s0, clamp);
        Linear sample = order == 1 ? Linear.X : Linear.history(1);
        double h = t.lambda() - start.lambda();
        Linear first = order == 1 ? model : Linear.history(order); // prediction at the start of the group
        Linear next = algorithm.decay(sample, start, t).plus(first.times(algorithm.weight0(t, h)));
        if (order > 1) {
            double r0 = (s0.lambda() - start.lambda()) / h;
            Linear d = model.minus(first).over(r0);
            if (order == 2) {
                next = next.plus(d.times(midpoint ? 0.5 * algorithm.weight0(t, h) : algorithm.weight1(t, h)));
            } else if (midpoint) {
                next = next.plus(d.times(algorithm.weight1(t, h)));
            } else {
                double r1 = (grids.level(grid.sigmas()[i - 1]).lambda() - start.lambda()) / h;
                Linear d1 = Linear.history(2).minus(first).over(r1);
                Linear slope = d1.times(r0).minus(d.times(r1)).over(r0 - r1);
                Linear curvature = d.minus(d1).times(2 / (r0 - r1));
                next = next.plus(slope.times(algorithm.weight1(t, h))).plus(curvature.times(algorithm.weight2(t, h)));
            }
        }
        Linear[] rows = {next, sample, model, Linear.history(2)};
        return new Step(
                grid.timesteps()[i],
                1,
                s0,
                prediction.x0(s0),
                Arrays.copyOf(rows, solverOrder == 1 ? 1 : 1 + solverOrder));
    }
}
