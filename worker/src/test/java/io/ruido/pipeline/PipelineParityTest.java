package io.ruido.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.job.Churn;
import io.ruido.job.Geometry;
import io.ruido.job.Seeds;
import io.ruido.model.Golden;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.pipeline.lora.LoraFile;
import io.ruido.plan.Engine;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures of every kind of pipeline beside those that diffusers makes with the same folder, see make_pipeline_goldens.py. */
class PipelineParityTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final NDManager manager = Torch.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    static List<String> kinds() throws IOException {
        return Golden.names("golden/pipelines");
    }

    private static Path goldens() {
        return Golden.path("golden/pipelines");
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aSeedGivesThePictureOfDiffusers(String kind) throws IOException {
        assertRuns(goldens().resolve(kind), "runs.json", "golden.safetensors");
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aPlanGivesThePictureOfDiffusers(String kind) throws IOException {
        assertRuns(goldens().resolve(kind), "runs.json", "golden.safetensors", Engine.PLAN, List.of());
    }

    @Test
    void aPictureIsChangedOrPartlyPaintedAnewAsInDiffusers() throws IOException {
        assertRuns(goldens().resolve("stable-diffusion"), "image-runs.json", "image.safetensors");
    }

    @Test
    void lowRankAdditionsAreMergedWhicheverWayTheyAreNamed() throws IOException {
        Path folder = goldens().resolve("stable-diffusion");
        var loras = List.of(
                new LoraFile(folder.resolve("lora-kohya.safetensors"), 0.75),
                new LoraFile(folder.resolve("lora-peft.safetensors"), 1),
                new LoraFile(folder.resolve("lora-original.safetensors"), 0.5));

        assertRuns(folder, "lora-runs.json", "lora.safetensors", Engine.EAGER, loras);
    }

    @Test
    void lowRankAdditionsOfAnotherModelAreRefusedByName() {
        Path lora = goldens().resolve("stable-diffusion/lora-kohya.safetensors");

        assertThatThrownBy(() -> DiffusionPipeline.read(
                        goldens().resolve("xl"), Device.cpu(), DataType.FLOAT32, List.of(new LoraFile(lora, 1))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("lora-kohya.safetensors: ");
    }

    @Test
    void guidanceIsRescaledAsInDiffusers() throws IOException {
        assertRuns(goldens().resolve("stable-diffusion"), "rescale-runs.json", "rescale.safetensors");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ddim", "stable-diffusion"})
    void aRequestSaysHowMuchNoiseDdimAdds(String kind) throws IOException {
        assertRuns(goldens().resolve(kind), "eta-runs.json", "eta.safetensors");
    }

    /** Which diffusers' pipeline of this kind leaves out, see {@code scaled} of make_pipeline_goldens.py. */
    @Test
    void aModelOfClassesIsGivenTheNoiseThatItsSamplerAsksFor() throws IOException {
        assertRuns(goldens().resolve("dit"), "euler-runs.json", "euler.safetensors");
    }

    /** Files of Stable Diffusion's first months say so, and diffusers' pipeline sets them right. */
    @Test
    void anOldSchedulersOffsetAndClippingAreSetRight(@TempDir Path folder) throws IOException {
        copyWithScheduler("stable-diffusion", folder, scheduler -> scheduler
                .replace("\"steps_offset\": 1", "\"steps_offset\": 0")
                .replace("\"clip_sample\": false", "\"clip_sample\": true"));

        assertRuns(folder, "runs.json", "golden.safetensors");
    }

    @Test
    void aPipelineThatDoesNotSayHowMuchNoiseTcdAddsHasItsDefault(@TempDir Path folder) throws IOException {
        copyWithScheduler("ddpm", folder, scheduler -> scheduler.replace("DDPMScheduler", "TCDScheduler"));

        assertRuns(folder, "runs.json", "tcd.safetensors");
    }

    private static void copyWithScheduler(String kind, Path folder, UnaryOperator<String> change) throws IOException {
        Golden.copy(goldens().resolve(kind), folder);
        Path scheduler = folder.resolve("scheduler/scheduler_config.json");
        Files.writeString(scheduler, change.apply(Files.readString(scheduler)));
        Path index = folder.resolve("model_index.json");
        Files.writeString(index, change.apply(Files.readString(index)));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aFolderThatRunsIsReportedAsSupported(String kind) throws IOException {
        FolderReport report = FolderReport.of(goldens().resolve(kind));

        assertThat(report.supported()).as(report.toString()).isTrue();
        assertThat(report.parts())
                .anySatisfy(part -> assertThat(part.parameters()).isPositive());
    }

    @Test
    void aFolderOfAnotherKindIsRefusedByName(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("model_index.json"), "{\"_class_name\": \"FluxPipeline\"}");

        assertThatThrownBy(() -> DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32))
                .hasMessageContaining("_class_name is FluxPipeline; supported: StableDiffusionImg2ImgPipeline");
        assertThat(FolderReport.of(folder).problem()).isPresent();
    }

    private void assertRuns(Path folder, String requests, String pictures) throws IOException {
        assertRuns(folder, requests, pictures, Engine.EAGER, List.of());
    }

    private void assertRuns(Path folder, String requests, String pictures, Engine engine, List<LoraFile> loras)
            throws IOException {
        Map<String, NDArray> expected = SafeTensors.read(folder.resolve(pictures), manager, DataType.FLOAT32);
        try (var pipeline =
                Golden.build(() -> DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32, engine, loras))) {
            int index = 0;
            for (JsonNode run : JSON.readTree(folder.resolve(requests).toFile())) {
                RgbImage image = new Sampling(pipeline)
                        .run(request(folder, run), step -> {})
                        .frames()
                        .first();
                assertPixels(run.toString(), expected.get(Integer.toString(index)), image);
                index++;
            }
            assertThat(index).isEqualTo(expected.size());
        }
    }

    private static SampleRequest request(Path folder, JsonNode run) throws IOException {
        Optional<SampleRequest.Source> source = run.has("strength")
                ? Optional.of(new SampleRequest.Source(
                        image(folder.resolve("image.png")),
                        run.path("strength").asDouble(),
                        run.path("mask").asBoolean()
                                ? Optional.of(image(folder.resolve("mask.png")))
                                : Optional.empty()))
                : Optional.empty();
        return new SampleRequest(
                run.path("prompt").asText(),
                run.path("negative").asText(),
                Seeds.of(run.path("seed").asLong()),
                run.path("steps").asInt(),
                Optional.ofNullable(run.path("sampler").textValue()),
                run.path("guidance").asDouble(),
                run.path("rescale").asDouble(0),
                Geometry.ofImage(run.path("width").asInt(), run.path("height").asInt()),
                run.path("clip_skip").asInt(0),
                source,
                run.has("eta") ? Optional.of(run.path("eta").asDouble()) : Optional.empty(),
                Churn.NONE,
                Optional.empty());
    }

    private static RgbImage image(Path file) throws IOException {
        return RgbImage.of(ImageIO.read(file.toFile()));
    }

    private static void assertPixels(String run, NDArray expected, RgbImage image) {
        long channels = expected.getShape().size() / ((long) image.width() * image.height());
        float[] pixels = expected.toFloatArray();
        int worst = 0;
        for (int i = 0; i < pixels.length; i++) {
            int at = channels == 1 ? 3 * i : i;
            worst = Math.max(worst, Math.abs((image.rgb()[at] & 0xff) - Math.round(pixels[i])));
        }
        assertThat(worst).as("greatest difference in %s", run).isLessThanOrEqualTo(1);
    }
}
