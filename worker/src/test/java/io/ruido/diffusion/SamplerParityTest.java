package io.ruido.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole trajectories against those of diffusers' schedulers. */
class SamplerParityTest {
    private static final int SIZE = 4;
    private static final double TOLERANCE = 1e-5;

    @ParameterizedTest
    @ValueSource(strings = {"DDIM", "EulerDiscrete", "DPMSolverMultistep"})
    void everyStepEqualsTheReference(String scheduler) throws IOException {
        for (JsonNode golden : GoldenFile.cases(scheduler)) {
            var config = SchedulerConfig.of(golden.get("config"));
            var sampler = SamplerName.defaultFor(config).sampler(config);
            for (JsonNode run : golden.get("runs")) {
                check(sampler, run, golden.get("config").toString());
            }
        }
    }

    private static void check(Sampler sampler, JsonNode run, String config) {
        int steps = run.get("steps").asInt();
        double strength = run.get("strength").asDouble();
        var trajectory = sampler.trajectory(steps, strength);
        float[] timesteps = GoldenFile.floats(run.get("timesteps"));
        float[] latents = GoldenFile.floats(run.get("latents"));
        assertThat(trajectory.size()).as("%s, %d steps", config, steps).isEqualTo(timesteps.length);

        var random = new TorchRandom(steps);
        float[] noise = random.randn(SIZE);
        Level start = trajectory.steps().getFirst().level();
        double[][] state = new double[1 + trajectory.histories()][SIZE];
        Arrays.setAll(
                state[0],
                i -> strength == 1
                        ? trajectory.initialNoise() * noise[i]
                        : start.signal() * (i * 2 / 3.0 - 1) + start.noise() * noise[i]);
        double greatest = 0;
        for (int i = 0; i <= timesteps.length; i++) {
            float[] expected = Arrays.copyOfRange(latents, i * SIZE, (i + 1) * SIZE);
            greatest = Math.max(greatest, greatest(expected));
            double rounding = Math.ulp(1f) * greatest; // of float32, where great noise has cancelled
            assertThat(difference(state[0], expected))
                    .as(
                            "after %d of %d steps, strength %s: %s is not %s, %s",
                            i, steps, strength, Arrays.toString(state[0]), Arrays.toString(expected), config)
                    .isLessThan(TOLERANCE * Math.max(1, greatest(expected)) + rounding);
            if (i < timesteps.length) {
                Step step = trajectory.steps().get(i);
                assertThat(step.timestep())
                        .as("timestep %d of %d, %s", i, steps, config)
                        .isCloseTo(timesteps[i], within(1e-3));
                state = Denoising.apply(step, trajectory, state, random);
            }
        }
    }

    private static double difference(double[] actual, float[] expected) {
        return IntStream.range(0, SIZE)
                .mapToDouble(i -> Math.abs(expected[i] - actual[i]))
                .max()
                .orElseThrow();
    }

    private static double greatest(float[] values) {
        return difference(new double[SIZE], values);
    }
}
