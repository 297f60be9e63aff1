package io.ruido.diffusion.schedules;

import java.util.stream.IntStream;

/** Timesteps of consistency models: evenly chosen from those that they were distilled with. */
public final class DistilledTimesteps {
    private final int trainSteps;
    private final int distilledSteps;

    public DistilledTimesteps(SchedulerSettings settings, int trainSteps) {
        this.trainSteps = trainSteps;
        distilledSteps = settings.number("original_inference_steps", 1, trainSteps);
    }

    /** The timesteps, from the noisiest on. */
    public int[] of(int steps) {
        if (steps < 1 || steps > distilledSteps) {
            throw new IllegalArgumentException("steps must be from 1 to %d, was %d".formatted(distilledSteps, steps));
        }
        int stride = trainSteps / distilledSteps;
        double ratio = (double) distilledSteps / steps;
        return IntStream.range(0, steps)
                .map(i -> (distilledSteps - (int) (i * ratio)) * stride - 1)
                .toArray();
    }
}
