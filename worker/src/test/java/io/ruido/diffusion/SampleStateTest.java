package io.ruido.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A sample that is saved and goes on elsewhere is the one that was never saved, to the last bit. */
class SampleStateTest {
    private static final int SIZE = 33;
    private static final int STEPS = 12;
    private static final SchedulerConfig CONFIG =
            SchedulerConfig.of(new ObjectMapper().createObjectNode().put("_class_name", "DDIMScheduler"));

    @ParameterizedTest
    @MethodSource("samplers")
    void everySamplersSampleGoesOnWhereItWasSaved(String sampler) {
        Trajectory trajectory = trajectory(sampler, STEPS);
        var whole = new SampleState(trajectory, new TorchRandom(7), SIZE);
        var parts = new SampleState(trajectory, new TorchRandom(7), SIZE);
        while (!whole.done()) {
            advance(whole);
            parts = SampleState.restore(trajectory(sampler, STEPS), parts.save());
            advance(parts);
        }
        assertThat(parts.done()).isTrue();
        assertThat(parts.latents()).isEqualTo(whole.latents());

        byte[] saved = parts.save();
        assertThatThrownBy(() -> SampleState.restore(trajectory(sampler, STEPS + 1), saved))
                .hasMessageContaining("another trajectory");
        saved[100]++;
        assertThatThrownBy(() -> SampleState.restore(trajectory, saved)).hasMessageContaining("checksum");
        saved[0]++;
        assertThatThrownBy(() -> SampleState.restore(trajectory, saved)).hasMessageContaining("version");
        assertThatThrownBy(() -> SampleState.restore(trajectory, new byte[9])).hasMessageContaining("cut off");
    }

    @Test
    void whatIsKeptOfAPictureIsSavedToo() {
        float[] picture = new TorchRandom(1).randn(SIZE);
        float[] mask = new float[SIZE];
        mask[0] = 1;
        for (Inpainting inpainting : new Inpainting[] {
            new Inpainting.Blended(picture, mask), new Inpainting.Concatenated(new float[] {1, 2, 3})
        }) {
            Trajectory trajectory = trajectory("ddim", STEPS);
            var random = new TorchRandom(7);
            var whole = new SampleState(trajectory, random, random.randn(SIZE), picture, inpainting);
            while (!whole.done()) {
                var parts = SampleState.restore(trajectory, whole.save());
                advance(whole);
                advance(parts);
                assertThat(parts.save()).isEqualTo(whole.save());
            }
            boolean kept = inpainting instanceof Inpainting.Blended;
            assertThat(whole.latents()[1] == picture[1]).isEqualTo(kept);
            assertThat(whole.latents()[0]).isNotEqualTo(picture[0]);
        }
    }

    /** As diffusers does it. */
    @Test
    void halfWayThroughAStepWhatIsKeptOfAPictureIsAsNoisyAsAtItsEnd() {
        List<Step> calls = trajectory("dpm++-sde", STEPS).steps();
        for (int i = 0; i + 2 < calls.size(); i += 2) {
            assertThat(calls.get(i + 1).level()).isEqualTo(calls.get(i + 2).level());
        }
    }

    @Test
    void latentsThatAreNoLongerNumbersEndTheSample() {
        SampleState sample = new SampleState(trajectory("ddim", STEPS), new TorchRandom(7), SIZE);
        advance(sample);
        float[] output = new float[SIZE];
        output[3] = Float.NaN;

        assertThatThrownBy(() -> sample.advance(output))
                .isInstanceOf(NotFiniteException.class)
                .hasMessageStartingWith("after step 2 of 12 the latents have values that are not finite");
    }

    private static Stream<String> samplers() {
        return SamplerName.all().stream().filter(name -> name.fits(CONFIG)).map(SamplerName::id);
    }

    private static Trajectory trajectory(String sampler, int steps) {
        return SamplerName.of(sampler).sampler(CONFIG).trajectory(steps);
    }

    private static void advance(SampleState sample) {
        float[] output = Arrays.copyOf(sample.input(), SIZE);
        for (int i = 0; i < output.length; i++) {
            output[i] = (float) Math.sin(output[i] + sample.timestep() / 100);
        }
        sample.advance(output);
    }
}
