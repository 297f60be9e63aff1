package io.ruido.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainConfigTest {
    private static final Path RECIPE = Path.of("../models/fluent-emoji/train.yaml");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"fluent-emoji", "fluent-emoji-turbo"})
    void theRecipesOfTheBundledModelsAreValid(String name) throws IOException {
        assertThat(TrainConfig.read(Path.of("../models/%s/train.yaml".formatted(name)))
                        .name())
                .isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"training/second-edition", "training/dit", "training/clips", "ladder/fluent-emoji-gan/train"})
    void theRecipesBesideTheDocumentationAreValid(String name) throws IOException {
        assertThat(TrainConfig.read(Path.of("../docs/%s.yaml".formatted(name))).name())
                .startsWith("fluent-");
    }

    @Test
    void everyWrongValueOfADistillationIsReported() throws IOException {
        Path wrong = folder.resolve("wrong.yaml");
        Files.writeString(
                wrong,
                Files.readString(Path.of("../models/fluent-emoji-turbo/train.yaml"))
                        .replaceFirst("guidance: 3.0", "guidance: 0.5")
                        .replaceFirst("grid: 4", "grid: 1")
                        .replaceFirst("sigma: 0.05", "sigma: 0")
                        .replaceFirst("each: 16", "each: 0"));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> TrainConfig.read(wrong))
                .withMessageContaining("distillation.guidance must be between 1.0 and 50.0, was 0.5")
                .withMessageContaining("distillation.consistency.grid must be between 2.0 and 500.0, was 1.0")
                .withMessageContaining("distillation.adversarial.discriminator.sigma must be positive, was 0.0")
                .withMessageContaining("distillation.captions.each must be between 1.0 and 64.0, was 0.0");
    }

    @Test
    void everyWrongValueIsReportedWithItsPlaceAndName() throws IOException {
        Path wrong = folder.resolve("wrong.yaml");
        Files.writeString(
                wrong,
                Files.readString(RECIPE)
                        .replaceFirst("batch: 4", "batch: 0")
                        .replaceFirst("guidance: 3.0", "guidance: -1")
                        .replaceFirst("tokens: 24", "tokens: 1")
                        .replaceFirst("clip: 1.0", "clip: 0"));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> TrainConfig.read(wrong))
                .withMessageContaining("autoencoder.optimization.batch must be between 1.0 and 65536.0, was 0.0")
                .withMessageContaining("autoencoder.optimization.clip must be positive, was 0.0")
                .withMessageContaining("denoiser.sampling.guidance must be between 0.0 and 50.0, was -1.0")
                .withMessageContaining("denoiser.tokens must be between 4.0 and 512.0, was 1.0");
    }

    @Test
    void everyWrongValueOfAModelOfClipsIsReported() throws IOException {
        Path wrong = folder.resolve("wrong.yaml");
        Files.writeString(
                wrong,
                Files.readString(Path.of("../docs/training/clips.yaml"))
                        .replaceFirst("frames: 25", "frames: 8")
                        .replaceFirst("stills: 0.25", "stills: 2")
                        .replaceFirst("tokens: 24", "tokens: 1"));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> TrainConfig.read(wrong))
                .withMessageContaining(
                        "clips.autoencoder.frames must be at least 5, and 1 more than a multiple of 4, was 8")
                .withMessageContaining("clips.autoencoder.stills must be between 0.0 and 1.0, was 2.0")
                .withMessageContaining("clips.denoiser.tokens must be between 4.0 and 512.0, was 1.0");
    }

    @Test
    void aRecipeIsEitherOfLatentsOrOfPixels() throws IOException {
        Path wrong = folder.resolve("wrong.yaml");
        Files.writeString(wrong, Files.readString(RECIPE) + "pixels: {minSnrGamma: -1}\n");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> TrainConfig.read(wrong))
                .withMessageContaining("pixels.minSnrGamma must be between 0.0 and 100.0, was -1.0")
                .withMessageContaining("pixels.scheduler must be given, was null");

        Files.writeString(wrong, "{name: a, data: b, output: c, size: 16, seed: 1}");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> TrainConfig.read(wrong))
                .withMessageContaining("autoencoder must be given")
                .withMessageContaining("denoiser must be given");
    }

    @Test
    void anUnknownSettingIsRefused() throws IOException {
        Path wrong = folder.resolve("wrong.yaml");
        Files.writeString(wrong, Files.readString(RECIPE).replaceFirst("clip: 1.0", "clip: 1.0\n    clop: 1.0"));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> TrainConfig.read(wrong))
                .withMessageContaining("autoencoder.optimization.Unrecognized field \"clop\"");
    }

    @Test
    void theLearningRateRisesStaysAndFallsAlongACosine() {
        var optimization = new Optimization(100, 1, 1e-3, 10, 40, 0.9, 0.99, 0, 1, 0.9, 1, 1);

        assertThat(optimization.learningRateAt(0)).isCloseTo(1e-4, within(1e-12));
        assertThat(optimization.learningRateAt(30)).isCloseTo(1e-3, within(1e-12));
        assertThat(optimization.learningRateAt(80)).isCloseTo(1e-3 * 0.505, within(1e-12));
        assertThat(optimization.learningRateAt(99)).isLessThan(2e-5);
    }
}
