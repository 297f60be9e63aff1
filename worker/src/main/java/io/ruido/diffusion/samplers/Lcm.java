package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.DistilledTimesteps;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.NoiseSchedule;
import io.ruido.diffusion.schedules.SchedulerSettings;
import java.util.stream.IntStream;

/**
 * Multistep sampling of latent consistency models: Luo et al. 2023, "Latent Consistency Models" (arXiv:2310.04378),
 * algorithm 3, with the boundary scalings of Song et al. 2023, "Consistency Models" (arXiv:2303.01469), appendix C.
 */
final class Lcm implements Sampler {
    private static final double SIGMA_DATA = 0.5;

    private final NoiseSchedule schedule;
    private final Prediction prediction;
    private final Clamp clamp;
    private final DistilledTimesteps timesteps;
    private final double timestepScaling;

    Lcm(SchedulerSettings settings) {
        schedule = NoiseSchedule.of(settings);
        prediction = Prediction.of(settings, true);
        clamp = Clamp.of(settings);
        timesteps = new DistilledTimesteps(settings, schedule.trainSteps());
        timestepScaling = settings.decimal("timestep_scaling");
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        int[] visited = timesteps.of(steps);
        return new Trajectory(
                IntStream.range(skip, steps).mapToObj(i -> step(visited, i)).toList(), 1, clamp);
    }

    private Step step(int[] visited, int i) {
        Level level = schedule.level(visited[i]);
        double scaled = visited[i] * timestepScaling;
        double skip = SIGMA_DATA * SIGMA_DATA / (scaled * scaled + SIGMA_DATA * SIGMA_DATA);
        double out = scaled / Math.sqrt(scaled * scaled + SIGMA_DATA * SIGMA_DATA);
        Linear denoised = Linear.X0.times(out).plus(Linear.X.times(skip));
        if (i == visited.length - 1) {
            return new Step(visited[i], 1, level, prediction.x0(level), denoised);
        }
        Level to = schedule.level(visited[i + 1]);
        Linear next = denoised.times(to.signal()).plus(Linear.NOISE.times(to.noise()));
        return new Step(visited[i], 1, level, prediction.x0(level), next);
    }
}
