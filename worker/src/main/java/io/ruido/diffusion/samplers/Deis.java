package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.DpmGrids;
import io.ruido.diffusion.schedules.FloatLog;
import io.ruido.diffusion.schedules.Grid;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerSettings;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Multistep DEIS in log ρ: Zhang and Chen 2022, "Fast Sampling of Diffusion Models with Exponential Integrator"
 * (arXiv:2204.13902), section 3.3 and appendix B. With y = x / α and ρ = σ / α the ODE is dy/dρ = ε̂, and ε̂ is a polynomial
 * in log ρ through the last predictions. The histories are earlier ε̂.
 */
final class Deis implements Sampler {
    /** Below that many steps the last ones use a lower order, for stability. */
    private static final int FEW_STEPS = 15;

    private final DpmGrids grids;
    private final Prediction prediction;
    private final Clamp clamp;
    private final int solverOrder;
    private final boolean lowerOrderFinal;

    Deis(SchedulerSettings settings) {
        grids = new DpmGrids(settings, true, true);
        if (settings.flag("use_flow_sigmas")) { // whose grid does not reach the clean end in diffusers
            throw settings.unsupported("use_flow_sigmas", "false");
        }
        prediction = Prediction.of(settings);
        clamp = Clamp.of(settings);
        settings.text("algorithm_type", Set.of("deis", "dpmsolver", "dpmsolver++")); // all mean the same here
        settings.text("solver_type", Set.of("logrho", "midpoint", "heun", "bh1", "bh2"));
        solverOrder = settings.number("solver_order", 1, 3);
        lowerOrderFinal = settings.flag("lower_order_final");
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        Grid grid = grids.grid(steps);
        return new Trajectory(
                IntStream.range(skip, grid.steps())
                        .mapToObj(i -> step(grid, i, order(i, i - skip, grid.steps())))
                        .toList(),
                1,
                clamp);
    }

    private int order(int i, int predictions, int steps) {
        int most = lowerOrderFinal && steps < FEW_STEPS ? Math.min(solverOrder, steps - i) : solverOrder;
        return Math.min(most, predictions + 1);
    }

    private Step step(Grid grid, int i, int order) {
        float[] rho = rhos(grid);
        Level t = grids.level(grid.sigmas()[i + 1]);
        Level s = grids.level(grid.sigmas()[i]);
        Linear epsilon = DpmAlgorithm.NOISE.model(prediction, s, clamp);
        Linear next = Linear.X.over(s.signal());
        for (int k = 0; k < order; k++) {
            next = next.plus((k == 0 ? epsilon : Linear.history(k)).times(weight(rho, i, order, k)));
        }
        return new Step(
                grid.timesteps()[i], 1, s, prediction.x0(s), next.times(t.signal()), epsilon, Linear.history(1));
    }

    /** σ / α at each level. */
    private static float[] rhos(Grid grid) {
        float[] rhos = new float[grid.sigmas().length];
        for (int i = 0; i < rhos.length; i++) {
            float sigma = (float) grid.sigmas()[i];
            float alpha = 1 / (float) Math.sqrt(sigma * sigma + 1);
            rhos[i] = sigma * alpha / alpha;
        }
        return rhos;
    }

    /**
     * Integral of the Lagrange polynomial in log ρ that is 1 at ρᵢ₋ₖ and 0 at the others, from ρᵢ to ρᵢ₊₁. In float32, for
     * it is a small difference of great numbers, and the trajectory shows how they were rounded.
     */
    private static float weight(float[] rho, int i, int order, int k) {
        if (order == 1) {
            return rho[i + 1] - rho[i];
        }
        float from = rho[i];
        float to = rho[i + 1];
        float at = FloatLog.of(rho[i - k]);
        float zero = FloatLog.of(rho[i - (k + 1) % order]);
        if (order == 2) {
            return linear(to, at, zero) - linear(from, at, zero);
        }
        float zero2 = FloatLog.of(rho[i - (k + 2) % order]);
        return quadratic(to, at, zero, zero2) - quadratic(from, at, zero, zero2);
    }

    /** ∫ (log ρ − c) / (b − c) dρ */
    private static float linear(float rho, float b, float c) {
        return rho * (-c + FloatLog.of(rho) - 1) / (b - c);
    }

    /** ∫ (log ρ − c)·(log ρ − d) / ((b − c)·(b − d)) dρ */
    private static float quadratic(float rho, float b, float c, float d) {
        float log = FloatLog.of(rho);
        return rho * (c * (d - log + 1) - d * log + d + log * log - 2 * log + 2) / ((b - c) * (b - d));
    }
}
