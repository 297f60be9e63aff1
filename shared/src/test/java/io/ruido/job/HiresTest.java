package io.ruido.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class HiresTest {
    private static final SamplingParams FIRST = new SamplingParams("m", 64, 64, 20, 4.5, "ddim", 7);
    private static final PromptJob JOB = new PromptJob(
            new UUID(0, 1),
            "an apple",
            "",
            2,
            FIRST,
            Priority.BATCH,
            Instant.EPOCH,
            null,
            new Hires(128, 96, 10, 0.55, Hires.Upscaler.LANCZOS));

    @Test
    void theStepsAndTheWorkOfBothPassesCount() {
        assertThat(JOB.stepsMade()).isEqualTo(25);
        assertThat(StepCost.PIXELS.of(JOB)).isEqualTo(20 * 64 * 64 + 5 * 128 * 96);
    }

    @Test
    void eachImageHasTheSecondPassAndItsSize() {
        SamplingJob second = JOB.fanOut("key").toList().get(1);

        assertThat(second.hires()).isEqualTo(JOB.hires());
        assertThat(second.lastPass().geometry()).isEqualTo(Geometry.ofImage(128, 96));
        assertThat(second.lastPass().seed()).isEqualTo(8);
        assertThat(Infotext.of(second, 0)).contains("Size: 64x64", "Hires resize: 128x96", "Hires upscaler: lanczos");
    }

    @Test
    void jobsWithAndWithoutASecondPassAreReadAgain() {
        SamplingJob image = JOB.fanOut("key").findFirst().orElseThrow();
        PromptJob plain = new PromptJob(new UUID(0, 2), "x", "", 1, FIRST, Priority.BATCH, Instant.EPOCH);

        for (Job job : new Job[] {JOB, image, plain}) {
            assertThat(JobJson.read(JobJson.write(job).getBytes(), Job.class)).isEqualTo(job);
        }
        assertThat(JobJson.write(plain)).doesNotContain("hires");
    }

    @Test
    void aStrengthThatLeavesNoStepIsRefused() {
        assertThatThrownBy(() -> new Hires(128, 96, 10, 0.05, Hires.Upscaler.LATENT))
                .hasMessageContaining("leaves none of 10 steps");
    }
}
