package io.ruido.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import java.util.List;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What of a clip is refused before it is made. */
class ClipRequestTest {
    private static final Upload PICTURE = new Upload("0".repeat(64), new UUID(0, 1), 64, 64);
    private static final ModelCard CARD = new ModelCard(
            "clips",
            "",
            "",
            "MIT",
            8,
            128,
            8,
            params(new Geometry(64, 64, 25), null),
            List.of(new ModelCard.Sampler("unipc", "UniPC")),
            List.of(),
            null,
            new ModelCard.Clips(4, 64 * 64 * 50, 8, true),
            null);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "64 | 64 | 24 | frames | 24 | must be 1 more than a multiple of 4 for model clips",
                "64 | 64 | 53 | frames | 53 | make 217088 pixels with frames of 64 × 64, more than the 204800 of model clips",
                "60 | 64 | 25 | width | 60 | must be divisible by 8 for model clips",
            })
    void aClipThatTheModelCannotMakeIsRefusedByFieldAndValue(
            int width, int height, int frames, String field, int value, String reason) {
        assertThatThrownBy(() -> CARD.checkSupports(params(new Geometry(width, height, frames), null)))
                .isInstanceOfSatisfying(InvalidFieldException.class, refused -> {
                    assertThat(refused.field()).isEqualTo(field);
                    assertThat(refused.value()).isEqualTo(value);
                    assertThat(refused.reason()).isEqualTo(reason);
                });
    }

    @Test
    void aClipWithoutAFirstFrameIsRefusedWhereTheModelRequiresOne() {
        ModelCard card = new ModelCard(
                "frames",
                "",
                "",
                "MIT",
                8,
                128,
                8,
                CARD.defaults(),
                CARD.samplers(),
                List.of("image"),
                null,
                CARD.clips(),
                null);

        assertThatThrownBy(() -> card.checkSupports(params(new Geometry(64, 64, 25), null)))
                .isInstanceOfSatisfying(InvalidFieldException.class, refused -> {
                    assertThat(refused.field()).isEqualTo("image");
                    assertThat(refused.reason()).isEqualTo("is required: model frames makes clips from a first frame");
                });
    }

    @Test
    void aModelOfPicturesMakesNoClips() {
        ModelCard pictures = new ModelCard(
                "pictures", "", "", "MIT", 8, 128, 8, params(Geometry.ofImage(64, 64), null), CARD.samplers());

        assertThatThrownBy(() -> pictures.checkSupports(params(new Geometry(64, 64, 5), null)))
                .hasMessageContaining("must be 1: model pictures makes images");
    }

    @Test
    void whatAModelCannotDoIsRefusedByFieldAndValue() {
        ModelCard card = new ModelCard(
                "pixels",
                "",
                "",
                "MIT",
                8,
                128,
                8,
                params(Geometry.ofImage(64, 64), null),
                CARD.samplers(),
                List.of(),
                null,
                null,
                new ModelCard.Abilities(false, false, false, 1));
        SamplingParams plain = params(Geometry.ofImage(64, 64), null);

        card.checkSupports(plain.with(new Prompting(PromptSyntax.A1111, 1, List.of())));
        assertRefused("tiling", true, () -> card.checkSupports(plain.withTiling(true)));
        assertRefused(
                "clipSkip", 2, () -> card.checkSupports(plain.with(new Prompting(PromptSyntax.PLAIN, 2, List.of()))));
        assertRefused("image", PICTURE.id(), () -> card.checkSupports(from(PICTURE, 0.5, 1)));
        card.checkSupports(new Hires(128, 128, 5, 0.5, Hires.Upscaler.LATENT));
        assertRefused(
                "hiresUpscaler",
                "lanczos",
                () -> card.checkSupports(new Hires(128, 128, 5, 0.5, Hires.Upscaler.LANCZOS)));
    }

    private static void assertRefused(String field, Object value, ThrowingCallable check) {
        assertThatThrownBy(check).isInstanceOfSatisfying(InvalidFieldException.class, refused -> {
            assertThat(refused.field()).isEqualTo(field);
            assertThat(refused.value()).isEqualTo(value);
        });
    }

    @ParameterizedTest
    @CsvSource({"MP4, 1", "PNG, 5", "JPEG, 5"})
    void aFileThatCannotHoldTheResultIsRefused(Output.Format format, int frames) {
        assertThatThrownBy(() -> params(new Geometry(64, 64, frames), new Output(format, 90)))
                .isInstanceOfSatisfying(InvalidFieldException.class, refused -> {
                    assertThat(refused.field()).isEqualTo("outputFormat");
                    assertThat(refused.value()).isEqualTo(format.label());
                });
    }

    @ParameterizedTest
    @CsvSource({"63, 64, MP4, width", "64, 63, WEBM, height", "16, 8, MP4, height", "8, 16, MP4, width"})
    void sidesThatAVideoCannotHaveAreRefused(int width, int height, Output.Format format, String field) {
        Geometry size = new Geometry(width, height, 5);

        assertThatThrownBy(() -> params(size, new Output(format, 90)))
                .isInstanceOfSatisfying(InvalidFieldException.class, refused -> assertThat(refused.field())
                        .isEqualTo(field));
        assertThat(params(size, new Output(Output.Format.WEBP, 90)).geometry()).isEqualTo(size);
    }

    @Test
    void aResultWithoutANamedFormatIsPngOrMp4() {
        assertThat(params(Geometry.ofImage(64, 64), null).output()).isEqualTo(Output.PNG);
        assertThat(params(new Geometry(64, 64, 5), null).output()).isEqualTo(Output.MP4);
    }

    @ParameterizedTest
    @CsvSource({"3, 8, 25", "0.1, 8, 1", "1, 8, 9", "1.3, 8, 13", "3, 12, 37"})
    void secondsAreTheNearestNumberOfFrames(double seconds, double fps, int frames) {
        assertThat(CARD.clips().frames(seconds, fps)).isEqualTo(frames);
    }

    @ParameterizedTest
    @CsvSource({"0", "120.5", "-1"})
    void framesPerSecondThatNoFileCanHaveAreRefused(double fps) {
        assertThatThrownBy(() -> new Output(Output.Format.MP4, 90, fps))
                .isInstanceOfSatisfying(InvalidFieldException.class, refused -> {
                    assertThat(refused.field()).isEqualTo("fps");
                    assertThat(refused.value()).isEqualTo(fps);
                });
    }

    @Test
    void framesPerSecondOfOneFrameAreRefused() {
        assertThatThrownBy(() -> params(Geometry.ofImage(64, 64), new Output(Output.Format.WEBP, 90, 8.0)))
                .hasMessageContaining("fps");
    }

    @ParameterizedTest
    @CsvSource({"0.5, 5, strength", "1, 1, frames"})
    void aClipBeginsWithAPictureAsItIs(double strength, int frames, String field) {
        assertThatThrownBy(() -> CARD.checkSupports(from(PICTURE, strength, frames)))
                .isInstanceOfSatisfying(InvalidFieldException.class, refused -> assertThat(refused.field())
                        .isEqualTo(field));
    }

    private static SamplingParams from(Upload picture, double strength, int frames) {
        Source source = new Source(picture, strength, null);
        return new SamplingParams("clips", new Geometry(64, 64, frames), 10, 2, "unipc", 0, null, source, null);
    }

    private static SamplingParams params(Geometry geometry, Output output) {
        return new SamplingParams("clips", geometry, 10, 2, "unipc", 0, null, null, output);
    }
}
