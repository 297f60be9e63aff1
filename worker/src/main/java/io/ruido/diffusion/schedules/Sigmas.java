package io.ruido.diffusion.schedules;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import org.apache.commons.statistics.distribution.BetaDistribution;

/** How the ratios of noise to signal fall from step to step, and the timesteps at which a model knows them. */
public final class Sigmas {
    public enum Shape {
        /** The sigmas of the timesteps. */
        PLAIN,
        /** Karras et al. 2022, equation 5, with ρ = 7. */
        KARRAS,
        EXPONENTIAL,
        /** Quantiles of Beta(0.6, 0.6) (Lee et al. 2024, "Beta Sampling is All You Need"). */
        BETA,
        /** Uniform in the logarithm of the signal-to-noise ratio (Lu et al. 2022, section 3.4). */
        LU;

        /** The setting that asks for it. */
        public String flag() {
            return "use_%s_%s".formatted(name().toLowerCase(Locale.ROOT), this == LU ? "lambdas" : "sigmas");
        }

        public static Shape of(SchedulerSettings settings) {
            Shape shape = PLAIN;
            for (Shape other : values()) {
                if (other != PLAIN && settings.flag(other.flag())) {
                    if (shape != PLAIN) {
                        throw settings.unsupported(other.flag(), "one such setting at a time");
                    }
                    shape = other;
                }
            }
            return shape;
        }
    }

    private static final double RHO = 7;
    private static final BetaDistribution BETA = BetaDistribution.of(0.6, 0.6);

    private final double[] trained; // rising, but for the last one of zero terminal SNR
    private final float[] logTrained;

    Sigmas(NoiseSchedule schedule) {
        trained = schedule.sigmas();
        logTrained = new float[trained.length];
        for (int i = 0; i < trained.length; i++) {
            logTrained[i] = FloatLog.of((float) trained[i]);
        }
    }

    double min() {
        return trained[0];
    }

    double max() {
        return trained[trained.length - 1];
    }

    /** Number of timesteps with a log-SNR of at least that. */
    int countFrom(double lambda) {
        return (int) Arrays.stream(trained)
                .filter(sigma -> -Math.log(sigma) >= lambda)
                .count();
    }

    /** Sigma after the last step: that of a clean latent, or the least of training. */
    double finalSigma(SchedulerSettings settings) {
        return settings.isAbsent("final_sigmas_type")
                        || settings.text("final_sigmas_type", Set.of("zero", "sigma_min"))
                                .equals("zero")
                ? 0
                : min();
    }

    /** Sigma at each timestep, linear in between. */
    double[] at(double[] timesteps) {
        return Arrays.stream(timesteps).map(this::at).toArray();
    }

    private double at(double timestep) {
        double inside = Math.clamp(timestep, 0, trained.length - 1);
        int low = Math.min((int) inside, trained.length - 2);
        return trained[low] + (trained[low + 1] - trained[low]) * (inside - low);
    }

    /** Timestep of each sigma, linear in the logarithm. */
    double[] timesteps(double[] sigmas) {
        return Arrays.stream(sigmas).map(this::timestep).toArray();
    }

    private double timestep(double sigma) {
        double logSigma = Math.log(Math.max(sigma, 1e-10));
        int low = logTrained.length - 1; // downwards: of zero terminal SNR the last one may be less than the one before
        while (low > 0 && logTrained[low] > logSigma) {
            low--;
        }
        low = Math.min(low, logTrained.length - 2);
        double weight = Math.clamp((logTrained[low] - logSigma) / (logTrained[low] - logTrained[low + 1]), 0, 1);
        return (1 - weight) * low + weight * (low + 1); // as it is rounded, for it may be truncated
    }

    static double[] shaped(Shape shape, double sigmaMax, double sigmaMin, int steps) {
        return switch (shape) {
            case KARRAS ->
                map(linspace(Math.pow(sigmaMax, 1 / RHO), Math.pow(sigmaMin, 1 / RHO), steps), x -> Math.pow(x, RHO));
            case EXPONENTIAL -> map(linspace(Math.log(sigmaMax), Math.log(sigmaMin), steps), Math::exp);
            case LU -> map(linspace(FloatLog.of((float) sigmaMax), FloatLog.of((float) sigmaMin), steps), Math::exp);
            case BETA ->
                map(
                        linspace(0, 1, steps),
                        t -> sigmaMin + BETA.inverseCumulativeProbability(1 - t) * (sigmaMax - sigmaMin));
            case PLAIN -> throw new IllegalArgumentException("plain sigmas are those of the timesteps");
        };
    }

    /** Ends exactly there, unless it has one element. */
    static double[] linspace(double from, double to, int count) {
        double[] values = new double[count];
        Arrays.setAll(values, i -> i == 0 ? from : i == count - 1 ? to : from + i * ((to - from) / (count - 1)));
        return values;
    }

    private static double[] map(double[] values, DoubleUnaryOperator f) {
        return Arrays.stream(values).map(f).toArray();
    }
}
