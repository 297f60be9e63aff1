package io.ruido.worker.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import io.ruido.diffusion.SampleState;
import io.ruido.job.Hires;
import io.ruido.job.ModelCard;
import io.ruido.job.SamplingParams;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.Sampling;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.plan.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelTest {
    private static final Path FOLDERS = Path.of("src/test/resources/golden/pipelines");
    private static final int STEPS = 3;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ddim",
                "ddpm",
                "dit",
                "latent-consistency",
                "pixart-alpha",
                "pixart-sigma",
                "stable-diffusion",
                "turbo",
                "v-prediction",
                "xl"
            })
    void aModelOfAnyKindDrawsForAWorkerWhatItDrawsWithoutService(String kind) throws IOException {
        try (ExecutorService side = Executors.newSingleThreadExecutor();
                Model model = Model.read(FOLDERS.resolve(kind), Device.cpu(), DataType.FLOAT32, Engine.EAGER, side);
                DiffusionPipeline pipeline =
                        DiffusionPipeline.read(FOLDERS.resolve(kind), Device.cpu(), DataType.FLOAT32)) {
            SamplingParams defaults = model.card().defaults();
            SamplingParams params = new SamplingParams(
                    kind, defaults.width(), defaults.height(), STEPS, defaults.guidanceScale(), defaults.sampler(), 7);
            String prompt = kind.equals("dit") ? "1" : "a red apple";

            assertThat(drawn(model, params, prompt)).isEqualTo(drawn(pipeline, params, prompt));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "stable-diffusion, 3, 2",
        "stable-diffusion, 1, 1",
        "stable-diffusion, 0.5, 1",
        "latent-consistency, 8.5, 1"
    })
    void aSampleTakesASecondRowWhereGuidanceNeedsASecondPrediction(String kind, double guidance, int rows)
            throws IOException {
        try (ExecutorService side = Executors.newSingleThreadExecutor();
                Model model = Model.read(FOLDERS.resolve(kind), Device.cpu(), DataType.FLOAT32, Engine.EAGER, side)) {
            SamplingParams params = new SamplingParams(kind, 16, 16, STEPS, guidance, "ddim", 7);

            assertThat(model.rows(params, model.encode("an apple", "").at(0))).isEqualTo(rows);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "stable-diffusion, true, true, true",
        "xl, true, true, true",
        "pixart-alpha, true, false, false",
        "dit, true, false, false",
        "ddpm, false, true, false",
    })
    void theCardSaysWhatTheModelCanDo(String kind, boolean fromImage, boolean tiling, boolean emphasis)
            throws IOException {
        try (ExecutorService side = Executors.newSingleThreadExecutor();
                Model model = Model.read(FOLDERS.resolve(kind), Device.cpu(), DataType.FLOAT32, Engine.EAGER, side)) {
            ModelCard.Abilities can = model.card().abilities();

            assertThat(can)
                    .isEqualTo(new ModelCard.Abilities(fromImage, tiling, emphasis, emphasis ? can.maxClipSkip() : 0));
            Conditioning most = model.encode(
                    kind.equals("dit") ? "" : "a",
                    "",
                    new Prompting(PromptSyntax.PLAIN, can.maxClipSkip(), List.of()),
                    List.of(1),
                    List.of(),
                    List.of());
            assertThat(most.texts()).hasSize(2);
        }
    }

    @Test
    void aFileThatIsGoneCanBeLookedUpAgainAndABrokenOneIsRefused(@TempDir Path folder) throws IOException {
        Path gone = folder.resolve("gone.safetensors");
        Path broken = Files.writeString(folder.resolve("broken.safetensors"), "no tensors");
        try (ExecutorService side = Executors.newSingleThreadExecutor();
                Model model = Model.read(
                        FOLDERS.resolve("stable-diffusion"), Device.cpu(), DataType.FLOAT32, Engine.EAGER, side)) {
            assertThatThrownBy(() -> hold(model, gone)).isInstanceOf(UncheckedIOException.class);
            assertThatThrownBy(() -> hold(model, broken)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> encode(model, gone)).isInstanceOf(UncheckedIOException.class);
            assertThatThrownBy(() -> encode(model, broken)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static LoadedLoras.Held hold(Model model, Path lora) {
        return model.loras().hold(List.of(new LoadedLoras.Use("ink", lora, "1", 1, 1)));
    }

    private static Conditioning encode(Model model, Path embedding) {
        return model.encode(
                "ink",
                "",
                new Prompting(PromptSyntax.PLAIN, 0, List.of()),
                List.of(1),
                List.of(),
                List.of(new EmbeddingLibrary.Use("ink", embedding, "1")));
    }

    @Test
    void withoutSeamsAResultBeginsWithAnImageWithoutSeams() throws IOException {
        try (ExecutorService side = Executors.newSingleThreadExecutor();
                Model model = Model.read(
                        FOLDERS.resolve("stable-diffusion"), Device.cpu(), DataType.FLOAT32, Engine.PLAN, side)) {
            SamplingParams params = new SamplingParams("m", 16, 16, STEPS, 3, "ddim", 7);
            RgbImage grey = new RgbImage(16, 16, new byte[3 * 16 * 16]);
            var source = Optional.of(new SampleRequest.Source(grey, 0.5, Optional.empty()));
            Hires lanczos = new Hires(32, 32, STEPS, 0.5, Hires.Upscaler.LANCZOS);
            SamplingParams large = new SamplingParams("m", 32, 32, STEPS, 3, "ddim", 7);
            float[] latents = model.start(params, Optional.empty()).latents();

            assertThat(model.start(params.withTiling(true), source).latents())
                    .isNotEqualTo(model.start(params, source).latents());
            assertThat(model.enlarge(latents, params.withTiling(true), lanczos, large.withTiling(true))
                            .latents())
                    .isNotEqualTo(model.enlarge(latents, params, lanczos, large).latents());
        }
    }

    @Test
    void aTextThatTheModelCannotDrawIsRefused() throws IOException {
        try (ExecutorService side = Executors.newSingleThreadExecutor();
                Model model = Model.read(FOLDERS.resolve("dit"), Device.cpu(), DataType.FLOAT32, Engine.EAGER, side)) {
            assertThatThrownBy(() -> model.encode("a red apple", ""))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("prompt must be a class from 0 to ")
                    .hasMessageEndingWith(", was a red apple");
        }
    }

    private static float[] drawn(Model model, SamplingParams params, String prompt) {
        Conditioning text = Conditioning.fromBytes(model.encode(prompt, "blue").toBytes());
        SampleState sample = model.start(params, Optional.empty());
        while (!sample.done()) {
            sample.advance(model.predict(List.of(new DenoiserInput(
                    params, text.at(sample.step()), sample.input(), sample.timestep(), false, List.of())))[0]);
        }
        return sample.latents();
    }

    private static float[] drawn(DiffusionPipeline pipeline, SamplingParams params, String prompt) {
        SampleRequest request = new SampleRequest(
                prompt,
                "blue",
                params.seeds(),
                STEPS,
                Optional.of(params.sampler()),
                params.guidanceScale(),
                0,
                params.geometry(),
                0,
                Optional.empty());
        return new Sampling(pipeline).run(request, step -> {}).latents();
    }
}
