package io.ruido.diffusion;

import io.ruido.diffusion.Sigmas.Shape;
import java.util.Arrays;

/**
 * Grids of the exponential integrators (DPM-Solver, DEIS, UniPC), which see a latent as x = α·x₀ + σ·z with constant
 * variance. Their denoisers get whole timesteps.
 */
final class DpmGrids {
    private final NoiseSchedule schedule;
    private final Sigmas sigmas;
    private final Spacing spacing;
    private final Shape shape;
    private final double finalSigma;
    private final int noisiest;
    private final boolean roundsShaped;

    /** @param roundsShaped whether timesteps of Karras' and Lu's sigmas are rounded, otherwise they are truncated */
    DpmGrids(Settings settings, boolean roundsShaped) {
        if (settings.flag("use_flow_sigmas")) {
            throw settings.unsupported("use_flow_sigmas", "false");
        }
        schedule = NoiseSchedule.ofPositive(settings);
        sigmas = new Sigmas(schedule);
        spacing = Spacing.of(settings);
        shape = Shape.of(settings);
        finalSigma = sigmas.finalSigma(settings);
        noisiest = sigmas.countFrom(settings.decimalOr("lambda_min_clipped", Double.NEGATIVE_INFINITY));
        this.roundsShaped = roundsShaped;
    }

    /** Whether the last step goes to a clean latent. */
    boolean endsClean() {
        return finalSigma == 0;
    }

    Grid grid(int steps) {
        double[] timesteps = spacing.timestepsAboveClean(schedule.trainSteps(), noisiest, steps);
        if (shape == Shape.PLAIN) {
            return Grid.of(timesteps, sigmas.at(timesteps), finalSigma);
        }
        double[] shaped = Sigmas.shaped(shape, sigmas.greatest(), sigmas.least(), steps);
        boolean rounds = roundsShaped && (shape == Shape.KARRAS || shape == Shape.LU);
        timesteps = Arrays.stream(sigmas.timesteps(shaped))
                .map(timestep -> rounds ? Math.rint(timestep) : Math.floor(timestep))
                .toArray();
        return Grid.of(timesteps, shaped, finalSigma);
    }
}
