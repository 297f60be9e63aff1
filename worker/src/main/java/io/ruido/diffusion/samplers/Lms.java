package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.Grid;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerSettings;
import io.ruido.diffusion.schedules.SigmaGrids;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/**
 * Linear multistep (Adams-Bashforth) method of order 4 on the probability flow ODE, with steps of any length, as Katherine
 * Crowson's k-diffusion has it: the derivative dx/dσ is interpolated by a polynomial through the last four of them (Hairer,
 * Nørsett and Wanner, "Solving Ordinary Differential Equations I", section III.1). The histories are earlier derivatives.
 */
final class Lms implements Sampler {
    private static final int ORDER = 4;

    private final SigmaGrids grids;
    private final Prediction prediction;

    Lms(SchedulerSettings settings) {
        grids = new SigmaGrids(settings);
        prediction = Prediction.of(settings);
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        Grid grid = grids.grid(steps);
        return new Trajectory(
                IntStream.range(skip, grid.steps())
                        .mapToObj(i -> step(grid, i, i - skip))
                        .toList(),
                grids.initialNoise(grid),
                new Clamp.None());
    }

    /** @param earlier number of earlier derivatives that there are; the polynomial passes through 0 at others */
    private Step step(Grid grid, int i, int earlier) {
        double sigma = grid.sigmas()[i];
        int order = Math.min(i + 1, ORDER);
        Linear derivative = Linear.X.minus(Linear.X0).over(sigma);
        Linear next = Linear.X.plus(derivative.times(weight(grid.sigmas(), i, order, 0)));
        for (int k = 1; k < order && k <= earlier; k++) {
            next = next.plus(Linear.history(k).times(weight(grid.sigmas(), i, order, k)));
        }
        return new Step(
                grid.timesteps()[i],
                SigmaGrids.inputScale(sigma),
                new Level(1, sigma),
                prediction.x0(sigma),
                next,
                derivative,
                Linear.history(1),
                Linear.history(2));
    }

    /** Integral of the Lagrange polynomial that is 1 at σᵢ₋ₖ and 0 at the others, from σᵢ to σᵢ₊₁. */
    private static double weight(double[] sigmas, int i, int order, int k) {
        return integral(sigmas[i], sigmas[i + 1], sigma -> IntStream.range(0, order)
                .filter(other -> other != k)
                .mapToDouble(other -> (sigma - sigmas[i - other]) / (sigmas[i - k] - sigmas[i - other]))
                .reduce(1, (a, b) -> a * b));
    }

    /** Gauss' rule with two points, exact for the polynomials of degree 3. */
    private static double integral(double from, double to, DoubleUnaryOperator f) {
        double middle = (from + to) / 2;
        double half = (to - from) / 2;
        double place = half / Math.sqrt(3);
        return half * (f.applyAsDouble(middle - place) + f.applyAsDouble(middle + place));
    }
}
