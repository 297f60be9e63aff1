package io.ruido.diffusion.samplers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.diffusion.GoldenFile;
import io.ruido.diffusion.Inpainting;
import io.ruido.diffusion.SampleState;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.job.Source;
import io.ruido.model.Golden;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole trajectories against those of diffusers' schedulers. */
class SamplerParityTest {
    private static final float[] PICTURE = {-1, -1 / 3f, 1 / 3f, 1};
    private static final int SIZE = PICTURE.length;
    private static final double TOLERANCE = Golden.drawn() ? 1e-4 : 1e-5;

    static List<Named<JsonNode>> cases() throws IOException {
        List<Named<JsonNode>> cases = new ArrayList<>();
        for (String file : Golden.names("diffusion")) {
            String scheduler = file.replace(".jsonl", "");
            int line = 0;
            for (JsonNode golden :
                    scheduler.matches("random|brownian") ? List.<JsonNode>of() : GoldenFile.cases(scheduler)) {
                cases.add(Named.of(scheduler + ", line " + ++line, golden));
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everyStepEqualsTheReference(JsonNode golden) {
        var config = Golden.build(() -> SchedulerConfig.of(golden.get("config")));
        var sampler = Golden.build(() -> SamplerName.defaultFor(config).sampler(config));
        for (JsonNode run : golden.get("runs")) {
            check(sampler, run, golden.get("config").toString());
        }
    }

    private static void check(Sampler sampler, JsonNode run, String config) {
        int steps = run.get("steps").asInt();
        double strength = run.get("strength").asDouble();
        var trajectory = sampler.lastSteps(steps, Source.stepsMade(steps, strength));
        float[] timesteps = GoldenFile.floats(run.get("timesteps"));
        float[] latents = GoldenFile.floats(run.get("latents"));
        assertThat(trajectory.size()).as("%s, %d steps", config, steps).isEqualTo(timesteps.length);

        var random = new TorchRandom(steps);
        var sample = strength == 1
                ? new SampleState(trajectory, random, SIZE)
                : new SampleState(trajectory, random, random.randn(SIZE), PICTURE, new Inpainting.None());
        double greatest = 0;
        for (int i = 0; i <= timesteps.length; i++) {
            float[] expected = Arrays.copyOfRange(latents, i * SIZE, (i + 1) * SIZE);
            greatest = Math.max(greatest, greatest(expected));
            double rounding = Math.ulp(1f) * greatest; // of float32, where great noise has cancelled
            assertThat(difference(sample.latents(), expected))
                    .as(
                            "after %d of %d calls, strength %s: %s is not %s, %s",
                            i, steps, strength, Arrays.toString(sample.latents()), Arrays.toString(expected), config)
                    .isLessThan(TOLERANCE * Math.max(1, greatest(expected)) + rounding);
            if (i < timesteps.length) {
                assertThat(sample.timestep())
                        .as("timestep %d of %d, %s", i, steps, config)
                        .isCloseTo(timesteps[i], within(1e-3f));
                sample.advance(denoise(sample.input(), sample.timestep()));
            }
        }
        assertThat(sample.done()).isTrue();
        assertThat(sample.step()).as("steps made, %s", config).isEqualTo(sample.steps());
        if (strength == 1) {
            assertThat(sample.steps()).as("steps, %s", config).isEqualTo(steps);
        }
    }

    /** The denoiser of {@code make_sampler_goldens.py}: what it predicts, and a variance. */
    private static float[] denoise(float[] x, double timestep) {
        float[] output = new float[2 * x.length];
        for (int i = 0; i < x.length; i++) {
            output[i] = (float) (0.8 * x[i] + 0.2 * Math.sin(2 * x[i] + timestep / 200 + i));
            output[x.length + i] = (float) (0.5 + 0.4 * Math.sin(x[i] + timestep / 300));
        }
        return output;
    }

    private static double difference(float[] actual, float[] expected) {
        return IntStream.range(0, SIZE)
                .mapToDouble(i -> Math.abs(expected[i] - actual[i]))
                .max()
                .orElseThrow();
    }

    private static double greatest(float[] values) {
        return difference(new float[SIZE], values);
    }
}
