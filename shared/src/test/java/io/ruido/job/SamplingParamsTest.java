package io.ruido.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ruido.job.prompting.LoraUse;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import java.util.List;
import org.junit.jupiter.api.Test;

class SamplingParamsTest {
    private static final SamplingParams PICTURE = new SamplingParams("apples", 128, 96, 20, 4.5, "ddim", 7);
    private static final SamplingParams CLIP =
            new SamplingParams("clips", new Geometry(128, 96, 25), 20, 4.5, "ddim", 7, null, null, null);

    @Test
    void aPictureIsWrittenWithItsSidesBesideTheOtherParameters() {
        assertThat(JobJson.write(PICTURE))
                .startsWith("{\"model\":\"apples\",\"width\":128,\"height\":96,\"steps\":20,\"guidanceScale\":4.5,"
                        + "\"sampler\":\"ddim\",\"seed\":7");
        assertThat(JobJson.read(JobJson.write(PICTURE), SamplingParams.class)).isEqualTo(PICTURE);
    }

    @Test
    void aClipIsWrittenWithItsFrames() {
        assertThat(JobJson.write(CLIP)).contains("\"width\":128,\"height\":96,\"frames\":25,\"steps\"");
        assertThat(JobJson.read(JobJson.write(CLIP), SamplingParams.class)).isEqualTo(CLIP);
    }

    @Test
    void whatIsAddedToTheModelAndHowPromptsAreReadIsWrittenAndNeedsALaterReader() {
        SamplingParams params = PICTURE.with(new Prompting(PromptSyntax.A1111, 1, List.of(new LoraUse("toy", 0.8))))
                .with(new Churn(3, 0, 5.0, 1))
                .withTiling(true);

        assertThat(JobJson.read(JobJson.write(params), SamplingParams.class)).isEqualTo(params);
        assertThat(params.version()).isEqualTo(2);
        assertThat(PICTURE.version()).isEqualTo(1);
    }

    @Test
    void imagesOfAJobHaveTheNextSeedsOrTheNextVariationsOfOne() {
        assertThat(PICTURE.ofImage(3).seeds()).isEqualTo(Seeds.of(10));

        Seeds varied = new Seeds(7, new Variation(5, 0.25));
        assertThat(varied.ofImage(3)).isEqualTo(new Seeds(7, new Variation(8, 0.25)));
    }

    @Test
    void aStepCostsWhatItsModelSays() {
        assertThat(StepCost.PIXELS.of(PICTURE)).isEqualTo(20 * 128 * 96);
        assertThat(StepCost.PIXELS.of(CLIP)).isEqualTo(20L * 128 * 96 * 25);
        assertThat(new StepCost(0, 0.5).of(PICTURE)).isEqualTo(20L * (128 * 96) * (128 * 96) / 2);
    }

    @Test
    void aGeometryNamesTheNumberThatIsWrong() {
        assertThatThrownBy(() -> new Geometry(8, 8, 0)).hasMessageContaining("frames");
        assertThatThrownBy(() -> Geometry.ofImage(-1, 8)).hasMessageContaining("width");
    }
}
