package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerSettings;
import java.util.stream.IntStream;

/**
 * Improved pseudo numerical methods for diffusion models (Liu et al. 2022, arXiv:2202.09778, with the start of Zhang and Chen
 * 2023, arXiv:2204.13902, table 1): Adams and Bashforth's method of order 1 to 4, for models whose timesteps run from 1 to 0.
 * Histories: the newest noises.
 */
final class Ipndm implements Sampler {
    private static final double[][] ADAMS_BASHFORTH = {
        {1}, {3 / 2., -1 / 2.}, {23 / 12., -16 / 12., 5 / 12.}, {55 / 24., -59 / 24., 37 / 24., -9 / 24.}
    };
    private static final double LEAST_SIGNAL = 1e-8;

    Ipndm(SchedulerSettings settings) {
        if (!settings.isAbsent("trained_betas")) {
            throw settings.unsupported("trained_betas", "null");
        }
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        return new Trajectory(
                IntStream.range(skip, steps)
                        .mapToObj(i -> step(i, steps, i - skip))
                        .toList(),
                1,
                new Clamp.None());
    }

    private static Level level(int i, int steps) {
        float sine = (float) Math.sin((float) ((1 - (double) i / steps) * Math.PI / 2));
        float noise = sine * sine;
        return new Level((float) Math.sqrt(1 - noise * noise), noise);
    }

    private static Step step(int i, int steps, int earlier) {
        Level from = level(i, steps);
        Level to = level(i + 1, steps);
        double signal = Math.max(from.signal(), LEAST_SIGNAL);
        Linear newest = Linear.X.times(from.noise()).plus(Linear.OUTPUT.times(from.signal()));
        double[] weights = ADAMS_BASHFORTH[Math.min(earlier, 3)];
        Linear noise = newest.times(weights[0]);
        for (int k = 1; k < weights.length; k++) {
            noise = noise.plus(Linear.history(k).times(weights[k]));
        }
        Linear clean = Linear.X.minus(noise.times(from.noise())).over(signal);
        Linear next = clean.times(to.signal()).plus(noise.times(to.noise()));
        Linear estimate = Linear.X.minus(newest.times(from.noise())).over(signal);
        double timestep = Math.atan2(from.noise(), from.signal()) / Math.PI * 2;
        return new Step(timestep, 1, from, estimate, next, newest, Linear.history(1), Linear.history(2));
    }
}
