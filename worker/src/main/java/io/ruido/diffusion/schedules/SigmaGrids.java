package io.ruido.diffusion.schedules;

import io.ruido.diffusion.schedules.Sigmas.Shape;
import java.util.Arrays;
import java.util.Set;

/**
 * Grids of the samplers that see a latent as x = x₀ + sigma·z, with growing variance (Karras et al. 2022; k-diffusion).
 * The denoiser's input is scaled back to unit variance.
 */
public final class SigmaGrids {
    private final NoiseSchedule schedule;
    private final Sigmas sigmas;
    private final Spacing spacing;
    private final Shape shape;
    private final boolean logLinear;
    private final double finalSigma;
    private final double configuredMin;
    private final double configuredMax;
    private final boolean roundsTimesteps;

    public SigmaGrids(SchedulerSettings settings) {
        this(settings, true);
    }

    /** @param roundsTimesteps whether timesteps are rounded to float32 before their sigmas are looked up */
    public SigmaGrids(SchedulerSettings settings, boolean roundsTimesteps) {
        this.roundsTimesteps = roundsTimesteps;
        schedule = NoiseSchedule.ofPositive(settings);
        sigmas = new Sigmas(schedule);
        spacing = Spacing.of(settings);
        shape = Shape.of(settings);
        logLinear = !settings.isAbsent("interpolation_type")
                && settings.text("interpolation_type", Set.of("linear", "log_linear"))
                        .equals("log_linear");
        finalSigma = sigmas.finalSigma(settings);
        configuredMin = settings.decimalOr("sigma_min", Double.NaN);
        configuredMax = settings.decimalOr("sigma_max", Double.NaN);
    }

    /** Whether sigmas, and not their timesteps, are what is evenly spaced. */
    public boolean spacesSigmas() {
        return logLinear && shape == Shape.PLAIN;
    }

    public Grid grid(int steps) {
        double[] timesteps = Arrays.stream(spacing.timesteps(schedule.trainSteps(), steps))
                .map(timestep -> roundsTimesteps ? (float) timestep : timestep)
                .toArray();
        double[] plain = logLinear
                ? Sigmas.shaped(Shape.EXPONENTIAL, sigmas.max(), sigmas.min(), steps + 1)
                : sigmas.at(timesteps);
        if (shape != Shape.PLAIN) {
            double sigmaMax = Double.isNaN(configuredMax) ? plain[0] : configuredMax;
            double sigmaMin = Double.isNaN(configuredMin) ? plain[plain.length - 1] : configuredMin;
            double[] shaped = Sigmas.shaped(shape, sigmaMax, sigmaMin, steps);
            return Grid.of(sigmas.timesteps(shaped), shaped, finalSigma);
        }
        return logLinear
                ? Grid.of(timesteps, Arrays.copyOf(plain, steps), plain[steps])
                : Grid.of(timesteps, plain, finalSigma);
    }

    /** Timestep of a sigma between those of a grid. */
    public double timestep(double sigma) {
        return sigmas.timesteps(new double[] {sigma})[0];
    }

    /** Standard deviation of the first latent. */
    public double initialNoise(Grid grid) {
        double sigmaMax = Arrays.stream(grid.sigmas()).max().orElseThrow();
        return spacing.kind() == Spacing.Kind.LEADING ? Math.hypot(sigmaMax, 1) : sigmaMax;
    }

    /** What brings a latent with that sigma to unit variance. */
    public static double inputScale(double sigma) {
        return 1 / Math.hypot(sigma, 1);
    }
}
