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

/**
 * UniPC: Zhao et al. 2023, "UniPC: A Unified Predictor-Corrector Framework for Fast Sampling of Diffusion Models"
 * (arXiv:2302.04867), algorithms 5 to 8 and section 3.2. The prediction at a level first corrects the latent that was
 * predicted there, then predicts the next one from it. Histories: h₁ the last corrected latent, then earlier
 * predictions.
 */
final class UniPc implements Sampler {
    private final DpmGrids grids;
    private final Prediction prediction;
    private final Clamp clamp;
    private final boolean predictsX0;
    private final boolean bh1;
    private final int solverOrder;
    private final boolean lowerOrderFinal;
    private final Set<Integer> uncorrected;

    UniPc(SchedulerSettings settings) {
        grids = new DpmGrids(settings, true, true);
        prediction = Prediction.ofEitherKind(settings);
        predictsX0 = settings.flag("predict_x0");
        clamp = predictsX0 ? Clamp.of(settings) : new Clamp.None();
        if (!predictsX0 && prediction == Prediction.FLOW) {
            throw settings.unsupported("predict_x0", "true with prediction_type flow_prediction");
        }
        if (!predictsX0 && grids.endsClean()) {
            throw settings.unsupported("final_sigmas_type", "sigma_min with predict_x0 false");
        }
        bh1 = settings.text("solver_type", Set.of("bh1", "bh2", "midpoint", "heun", "logrho"))
                .equals("bh1");
        solverOrder = settings.number("solver_order", 1, Linear.MAX_HISTORY - 1);
        lowerOrderFinal = settings.flag("lower_order_final");
        uncorrected = settings.numbers("disable_corrector");
        if (!settings.isAbsent("solver_p")) {
            throw settings.unsupported("solver_p", "null");
        }
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        Grid grid = grids.grid(steps);
        List<Step> calls = new ArrayList<>();
        for (int i = skip; i < grid.steps(); i++) {
            boolean corrects = i > skip && !uncorrected.contains(i - 1);
            calls.add(step(grid, i, order(i, skip, grid.steps()), corrects ? order(i - 1, skip, grid.steps()) : 0));
        }
        return new Trajectory(calls, 1, clamp);
    }

    private int order(int i, int skip, int steps) {
        return Math.min(lowerOrderFinal ? Math.min(solverOrder, steps - i) : solverOrder, i - skip + 1);
    }

    /** @param correctorOrder 0 for none */
    private Step step(Grid grid, int i, int order, int correctorOrder) {
        Level level = grids.level(grid.sigmas()[i]);
        Linear model = predictsX0 ? Linear.X0 : prediction.epsilon(level);
        Linear sample = Linear.X;
        if (correctorOrder > 0) {
            Update update = new Update(grid.sigmas(), i - 1, correctorOrder);
            sample = update.of(Linear.history(1), Linear.history(2), 2, update.corrector(), model);
        }
        Update update = new Update(grid.sigmas(), i, order);
        Linear[] rows = new Linear[2 + solverOrder];
        rows[0] = update.of(sample, model, 1, update.predictor(), Linear.ZERO);
        rows[1] = sample;
        rows[2] = model;
        for (int k = 3; k < rows.length; k++) {
            rows[k] = Linear.history(k - 1);
        }
        return new Step(grid.timesteps()[i], 1, level, prediction.x0(level), rows);
    }

    /** The update from one level to the next: sections 3.1 and 3.2. */
    private final class Update {
        private final Level t;
        private final Level s;
        private final int order;
        private final double h;
        private final double b; // B(h)
        private final double[] r; // places of the earlier predictions, in units of h, then 1

        Update(double[] sigmas, int i, int order) {
            t = grids.level(sigmas[i + 1]);
            s = grids.level(sigmas[i]);
            this.order = order;
            double step = t.lambda() - s.lambda();
            h = predictsX0 ? -step : step;
            b = bh1 ? h : Math.expm1(h);
            r = new double[order];
            for (int k = 1; k < order; k++) {
                r[k - 1] = (grids.level(sigmas[i - k]).lambda() - s.lambda()) / step;
            }
            r[order - 1] = 1;
        }

        double[] predictor() {
            return order == 2 ? new double[] {0.5} : weights(order - 1);
        }

        double[] corrector() {
            return order == 1 ? new double[] {0.5} : weights(order);
        }

        /** Returns the weights that fulfil the order conditions, theorem 3.1. */
        private double[] weights(int count) {
            double[][] system = new double[count][count + 1];
            double phi = Math.expm1(h) / h - 1; // h·φₖ₊₁(h)
            double factorial = 1;
            for (int k = 0; k < count; k++) {
                for (int j = 0; j < count; j++) {
                    system[k][j] = Math.pow(r[j], k);
                }
                system[k][count] = phi * factorial / b;
                factorial *= k + 2;
                phi = phi / h - 1 / factorial;
            }
            return solve(system);
        }

        /**
         * @param history where the earlier predictions begin, less one
         * @param arrived the prediction at t, if there is a weight for it
         */
        Linear of(Linear x, Linear m0, int history, double[] weights, Linear arrived) {
            Linear change = Linear.ZERO;
            for (int k = 0; k < weights.length; k++) {
                Linear m = k == order - 1 ? arrived : Linear.history(history + 1 + k);
                change = change.plus(m.minus(m0).times(weights[k] / r[k]));
            }
            double keep = predictsX0 ? t.noise() / s.noise() : t.signal() / s.signal();
            double scale = predictsX0 ? t.signal() : t.noise();
            Linear first = x.times(keep).minus(m0.times(scale * Math.expm1(h)));
            return weights.length == 0 ? first : first.minus(change.times(scale * b));
        }
    }

    /** Gauss-Jordan elimination; the rows are equations with their right side last. */
    private static double[] solve(double[][] rows) {
        int n = rows.length;
        for (int pivot = 0; pivot < n; pivot++) {
            double divisor = rows[pivot][pivot];
            for (int column = pivot; column <= n; column++) {
                rows[pivot][column] /= divisor;
            }
            for (int row = 0; row < n; row++) {
                double factor = rows[row][pivot];
                for (int column = pivot; row != pivot && column <= n; column++) {
                    rows[row][column] -= factor * rows[pivot][column];
                }
            }
        }
        double[] solution = new double[n];
        Arrays.setAll(solution, i -> rows[i][n]);
        return solution;
    }
}
