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
 * Strategic stochastic sampling of trajectory consistency models: Zheng et al. 2024, "Trajectory Consistency Distillation"
 * (arXiv:2402.19159), algorithm 4. A step goes to a cleaner timestep s = (1 − γ)·t′ than the next one t′, and back to t′
 * with fresh noise; γ is the setting {@code eta}.
 */
final class Tcd implements Sampler {
    private final NoiseSchedule schedule;
    private final Prediction prediction;
    private final DistilledTimesteps timesteps;
    private final double gamma;

    Tcd(SchedulerSettings settings) {
        schedule = NoiseSchedule.of(settings);
        prediction = Prediction.of(settings, true);
        timesteps = new DistilledTimesteps(settings, schedule.trainSteps());
        gamma = settings.decimal("eta", 0, 1);
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        int[] visited = timesteps.of(steps);
        return new Trajectory(
                IntStream.range(skip, steps).mapToObj(i -> step(visited, i)).toList(), 1, new Clamp.None());
    }

    private Step step(int[] visited, int i) {
        boolean last = i == visited.length - 1;
        int timestepNext = last ? 0 : visited[i + 1];
        int timestepS = (int) ((float) (1 - gamma) * timestepNext);
        Level level = schedule.level(visited[i]);
        Level s = schedule.level(timestepS);
        Linear next = Linear.X0.times(s.signal()).plus(prediction.epsilon(level).times(s.noise()));
        if (gamma > 0 && !last) {
            // in float32: from s to the next timestep α is close to 1
            float alpha = (float) schedule.alphaCumprod(timestepNext) / (float) schedule.alphaCumprod(timestepS);
            next = next.times(Math.sqrt(alpha)).plus(Linear.NOISE.times(Math.sqrt(1 - alpha)));
        }
        return new Step(visited[i], 1, level, prediction.x0(level), next);
    }
}
