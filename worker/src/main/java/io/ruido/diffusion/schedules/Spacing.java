package io.ruido.diffusion.schedules;

import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * The choice of the timesteps (Lin et al. 2023, table 2). All methods return them noisiest first.
 *
 * @param offset added to those of {@link Kind#LEADING}
 */
public record Spacing(Kind kind, int offset) {
    public enum Kind {
        LEADING,
        LINSPACE,
        TRAILING;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public static Spacing of(SchedulerSettings settings) {
        return settings.isAbsent("timestep_spacing")
                ? new Spacing(Kind.LINSPACE, 0)
                : new Spacing(
                        settings.choice("timestep_spacing", Kind.class),
                        settings.number("steps_offset", 0, Integer.MAX_VALUE));
    }

    /** Timesteps that may end at 0. Those of {@link Kind#LINSPACE} are fractions. */
    public double[] timesteps(int trainSteps, int steps) {
        check(steps, trainSteps);
        DoubleStream timesteps =
                switch (kind) {
                    case LEADING -> down(steps).map(i -> i * (trainSteps / steps) + offset);
                    case LINSPACE -> down(steps).map(i -> steps == 1 ? 0 : i * ((trainSteps - 1.0) / (steps - 1)));
                    case TRAILING -> trailing(trainSteps, trainSteps, steps);
                };
        return timesteps.toArray();
    }

    /** Timesteps that end above 0, because the last step ends at the clean latents. */
    double[] timestepsAboveClean(int trainSteps, int noisiest, int steps) {
        check(steps, trainSteps);
        DoubleStream timesteps =
                switch (kind) {
                    case LEADING -> down(steps).map(i -> (i + 1) * (noisiest / (steps + 1)) + offset);
                    case LINSPACE -> down(steps).map(i -> Math.rint((i + 1) * ((noisiest - 1.0) / steps)));
                    case TRAILING -> trailing(trainSteps, noisiest, steps);
                };
        return timesteps.toArray();
    }

    private static void check(int steps, int trainSteps) {
        if (steps < 1 || steps > trainSteps) {
            throw new IllegalArgumentException("steps must be from 1 to %d, was %d".formatted(trainSteps, steps));
        }
    }

    private static DoubleStream down(int count) {
        return IntStream.rangeClosed(1, count).mapToDouble(i -> count - i);
    }

    /**
     * Rounds like numpy's arange, which diffusers uses, but never below 0: arange has one element too many for some
     * numbers of steps.
     */
    private static DoubleStream trailing(int trainSteps, int noisiest, int steps) {
        double delta = noisiest - (double) trainSteps / steps - noisiest;
        return IntStream.range(0, steps)
                .mapToDouble(i -> Math.rint(noisiest + i * delta) - 1)
                .filter(timestep -> timestep >= 0);
    }
}
