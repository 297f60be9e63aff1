package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.DpmGrids;
import io.ruido.diffusion.schedules.EdmGrids;
import io.ruido.diffusion.schedules.Grid;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerSettings;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Multistep DPM-Solver of order 1 to 3: Lu et al. 2022, "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion
 * Probabilistic Models" (arXiv:2211.01095), algorithm 2 and appendix B. The histories are the model's earlier
 * predictions.
 */
final class DpmMultistep implements Sampler {
    /** Below that many steps the last ones use a lower order, for stability. */
    private static final int FEW_STEPS = 15;

    /** What the algorithm has to know of a noise schedule and of the denoiser's output. */
    private interface Grids {
        Grid grid(int steps);

        Level level(double sigma);

        boolean endsClean();

        default double initialNoise() {
            return 1;
        }

        default double inputScale(double sigma) {
            return 1;
        }

        Linear x0(Level level);
    }

    private record DiscreteTime(DpmGrids grids, Prediction prediction) implements Grids {
        @Override
        public Grid grid(int steps) {
            return grids.grid(steps);
        }

        @Override
        public Level level(double sigma) {
            return grids.level(sigma);
        }

        @Override
        public boolean endsClean() {
            return grids.endsClean();
        }

        @Override
        public Linear x0(Level level) {
            return prediction.x0(level);
        }
    }

    private record Edm(EdmGrids grids) implements Grids {
        @Override
        public Grid grid(int steps) {
            return grids.gridToSigmaMin(steps);
        }

        @Override
        public Level level(double sigma) {
            return grids.level(sigma);
        }

        @Override
        public boolean endsClean() {
            return grids.endsClean();
        }

        @Override
        public double initialNoise() {
            return grids.initialNoise();
        }

        @Override
        public double inputScale(double sigma) {
            return grids.inputScale(sigma);
        }

        @Override
        public Linear x0(Level level) {
            return grids.x0(level.noise());
        }
    }

    private final Grids grids;
    private final Prediction prediction;
    private final Clamp clamp;
    private final DpmAlgorithm algorithm;
    private final boolean midpoint;
    private final int solverOrder;
    private final boolean lowerOrderFinal;
    private final boolean eulerAtFinal;

    DpmMultistep(SchedulerSettings settings) {
        this(
                settings,
                new DiscreteTime(
                        new DpmGrids(settings, !settings.is("beta_schedule", "squaredcos_cap_v2"), false),
                        Prediction.ofEitherKind(settings)),
                Prediction.ofEitherKind(settings));
    }

    /** For models with the preconditioning of Karras et al. 2022 (arXiv:2206.00364), section 5. */
    static DpmMultistep edm(SchedulerSettings settings) {
        return new DpmMultistep(settings, new Edm(new EdmGrids(settings)), Prediction.SAMPLE);
    }

    /** @param prediction prediction type, for algorithms that work with the noise */
    private DpmMultistep(SchedulerSettings settings, Grids grids, Prediction prediction) {
        this.grids = grids;
        this.prediction = prediction;
        clamp = Clamp.of(settings);
        algorithm = DpmAlgorithm.of(settings);
        midpoint = !settings.text("solver_type", Set.of("midpoint", "heun", "logrho", "bh1", "bh2"))
                .equals("heun");
        solverOrder = settings.number("solver_order", 1, algorithm == DpmAlgorithm.NOISE_SDE ? 2 : 3);
        lowerOrderFinal = settings.flag("lower_order_final");
        eulerAtFinal = settings.flag("euler_at_final") || grids.endsClean();
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        Grid grid = grids.grid(steps);
        return new Trajectory(
                IntStream.range(skip, grid.steps())
                        .mapToObj(i -> step(grid, i, order(i, i - skip, grid.steps())))
                        .toList(),
                grids.initialNoise(),
                clamp);
    }

    private int order(int i, int predictions, int steps) {
        boolean few = lowerOrderFinal && steps < FEW_STEPS;
        if (i == steps - 1 && (eulerAtFinal || few)) {
            return 1;
        }
        int most = i == steps - 2 && few ? Math.min(2, solverOrder) : solverOrder;
        return Math.min(most, predictions + 1);
    }

    private Step step(Grid grid, int i, int order) {
        double[] sigmas = grid.sigmas();
        Level t = grids.level(sigmas[i + 1]);
        Level s0 = grids.level(sigmas[i]);
        double h = t.lambda() - s0.lambda();
        Linear m0 = algorithm.model(prediction, s0, clamp);
        Linear next = algorithm.decay(Linear.X, s0, t).plus(m0.times(algorithm.weight0(t, h)));
        if (order > 1 && h != 0) { // the last step stays at its level where the grid ends at its own least σ
            Linear m1 = Linear.history(1);
            Level s1 = grids.level(sigmas[i - 1]);
            double r0 = (s0.lambda() - s1.lambda()) / h;
            Linear d1 = m0.minus(m1).over(r0);
            if (order == 2) {
                double weight = midpoint ? 0.5 * algorithm.weight0(t, h) : algorithm.weight1(t, h);
                next = next.plus(d1.times(weight));
            } else {
                Level s2 = grids.level(sigmas[i - 2]);
                double r1 = (s1.lambda() - s2.lambda()) / h;
                Linear d10 = m1.minus(Linear.history(2)).over(r1);
                Linear curvature = d1.minus(d10).over(r0 + r1);
                next = next.plus(d1.plus(curvature.times(r0)).times(algorithm.weight1(t, h)))
                        .plus(curvature.times(algorithm.weight2(t, h)));
            }
        }
        Linear[] rows = {next, m0, Linear.history(1)};
        return new Step(
                grid.timesteps()[i], grids.inputScale(sigmas[i]), s0, grids.x0(s0), Arrays.copyOf(rows, solverOrder));
    }
}
