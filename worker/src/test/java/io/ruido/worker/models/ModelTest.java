package io.ruido.worker.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import io.ruido.diffusion.SampleState;
import io.ruido.job.SamplingParams;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.Sampling;
import io.ruido.plan.Engine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
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
