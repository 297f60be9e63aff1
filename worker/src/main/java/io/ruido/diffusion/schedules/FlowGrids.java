package io.ruido.diffusion.schedules;

import io.ruido.diffusion.schedules.Sigmas.Shape;
import java.util.Arrays;
import java.util.List;

/** Grids of the samplers that follow the straight path of flow matching, from pure noise. */
public final class FlowGrids {
    private final FlowSigmas flow;
    private final Shape shape;
    private final double terminal;

    public FlowGrids(SchedulerSettings settings) {
        flow = new FlowSigmas(settings.decimal("shift"), settings.number("num_train_timesteps", 2, 1_000_000));
        shape = Shape.of(settings);
        terminal = settings.decimalOr("shift_terminal", 0);
        for (String unknown : List.of("use_dynamic_shifting", "invert_sigmas", "stochastic_sampling")) {
            if (settings.flag(unknown)) {
                throw settings.unsupported(unknown, "false");
            }
        }
    }

    /** Sigmas of training are shifted, and those that are chosen among them once more, as in diffusers. */
    public Grid grid(int steps) {
        if (steps < 1 || steps > flow.trainSteps()) {
            throw new IllegalArgumentException(
                    "steps must be from 1 to %d, was %d".formatted(flow.trainSteps(), steps));
        }
        double sigmaMin = (float) flow.shifted(1.0 / flow.trainSteps());
        double[] sigmas = Arrays.stream(Sigmas.linspace(1, sigmaMin, steps))
                .map(flow::shifted)
                .toArray();
        if (terminal != 0) {
            double scale = (1 - sigmas[steps - 1]) / (1 - terminal);
            sigmas = Arrays.stream(sigmas).map(sigma -> 1 - (1 - sigma) / scale).toArray();
        }
        if (shape != Shape.PLAIN) {
            sigmas = Sigmas.shaped(shape, sigmas[0], sigmas[steps - 1], steps);
        }
        double[] timesteps = Arrays.stream(sigmas)
                .map(sigma -> (float) sigma * (float) flow.trainSteps())
                .toArray();
        return Grid.of(timesteps, sigmas, 0);
    }
}
