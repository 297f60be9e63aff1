package io.ruido.diffusion.schedules;

import io.ruido.diffusion.schedules.Sigmas.Shape;
import java.util.Arrays;
import java.util.Optional;

/**
 * Grids of the exponential integrators (DPM-Solver, DEIS, UniPC), which see a latent as x = α·x₀ + σ·z with constant
 * variance, or with α + σ = 1 for models of flow matching. Their denoisers get whole timesteps.
 */
public final class DpmGrids {
    private final NoiseSchedule schedule;
    private final Sigmas sigmas;
    private final Spacing spacing;
    private final Shape shape;
    private final Optional<FlowSigmas> flow;
    private final double finalSigma;
    private final int noisiest;
    private final boolean roundsShaped;
    private final boolean repeatsShaped;

    /**
     * @param roundsShaped whether timesteps of Karras' and Lu's sigmas are rounded, otherwise they are truncated
     * @param repeatsShaped whether sigmas of a shape that do not end at 0 end with the last one twice, otherwise with the
     *     least of training
     */
    public DpmGrids(SchedulerSettings settings, boolean roundsShaped, boolean repeatsShaped) {
        schedule = NoiseSchedule.ofPositive(settings);
        sigmas = new Sigmas(schedule);
        spacing = Spacing.of(settings);
        shape = Shape.of(settings);
        flow = settings.flag("use_flow_sigmas")
                ? Optional.of(new FlowSigmas(settings.decimal("flow_shift"), schedule.trainSteps()))
                : Optional.empty();
        finalSigma = settings.isAbsent("final_sigmas_type") ? sigmas.min() : sigmas.finalSigma(settings);
        if (flow() && shape != Shape.PLAIN) {
            throw settings.unsupported(shape.flag(), "false where use_flow_sigmas is true");
        }
        if (flow() && !endsClean()) { // diffusers would end with a step of length 0, and divide by it
            throw settings.unsupported("final_sigmas_type", "zero where use_flow_sigmas is true");
        }
        if (flow() && settings.flag("use_dynamic_shifting")) {
            throw settings.unsupported("use_dynamic_shifting", "false");
        }
        noisiest = sigmas.countFrom(settings.decimalOr("lambda_min_clipped", Double.NEGATIVE_INFINITY));
        this.roundsShaped = roundsShaped;
        this.repeatsShaped = repeatsShaped;
    }

    /** Whether the last step goes to a clean latent. */
    public boolean endsClean() {
        return finalSigma == 0;
    }

    /** Whether sigmas are the shares of noise of flow matching. */
    private boolean flow() {
        return flow.isPresent();
    }

    /** How noisy a latent is at a sigma of the grid. */
    public Level level(double sigma) {
        return flow() ? Level.ofFlow(sigma) : Level.ofSigma(sigma);
    }

    public Grid grid(int steps) {
        if (flow()) {
            double[] sigmas = flow.get().above(steps);
            double[] timesteps = flow.get().wholeTimesteps(sigmas);
            return Grid.of(timesteps, sigmas, 0);
        }
        double[] timesteps = spacing.timestepsAboveClean(schedule.trainSteps(), noisiest, steps);
        if (shape == Shape.PLAIN) {
            return Grid.of(timesteps, sigmas.at(timesteps), finalSigma);
        }
        double[] shaped = Sigmas.shaped(shape, sigmas.max(), sigmas.min(), steps);
        boolean rounds = roundsShaped && (shape == Shape.KARRAS || shape == Shape.LU);
        timesteps = Arrays.stream(sigmas.timesteps(shaped))
                .map(timestep -> rounds ? Math.rint(timestep) : Math.floor(timestep))
                .toArray();
        return Grid.of(timesteps, shaped, repeatsShaped && !endsClean() ? shaped[steps - 1] : finalSigma);
    }
}
