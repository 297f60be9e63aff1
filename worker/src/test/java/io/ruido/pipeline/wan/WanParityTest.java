package io.ruido.pipeline.wan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.job.Churn;
import io.ruido.job.Geometry;
import io.ruido.job.Seeds;
import io.ruido.model.Conditioning;
import io.ruido.model.Golden;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.FolderReport;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.Sampling;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clips of every kind of Wan beside those that diffusers makes with the same folder, see make_wan_goldens.py. */
class WanParityTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final NDManager manager = Torch.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    static List<String> kinds() throws IOException {
        return Golden.names("golden/wan-pipelines");
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aSeedGivesTheClipOfDiffusers(String kind) throws IOException {
        Path folder = Golden.path("golden/wan-pipelines/" + kind);
        Map<String, NDArray> expected =
                SafeTensors.read(folder.resolve("golden.safetensors"), manager, DataType.FLOAT32);
        int index = 0;
        for (JsonNode run : JSON.readTree(folder.resolve("runs.json").toFile())) {
            assertFrames(run.toString(), expected.get(Integer.toString(index)), frames(folder, run));
            index++;
        }
        assertThat(index).isEqualTo(expected.size());
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aPredictionDoesNotDependOnTheOtherClips(String kind) throws IOException {
        Path folder = Golden.path("golden/wan-pipelines/" + kind);
        int batch = 4;
        try (DiffusionPipeline pipeline = DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32)) {
            int side = 2 * pipeline.sizeStep();
            Shape shape = pipeline.inputShape(batch, new Geometry(2 * side, side, 9));
            NDArray latents = manager.randomNormal(shape);
            float[] timesteps = {999, 700, 400, 30};
            Conditioning wanted = conditioning(pipeline, List.of("one", "two", "three red apples", "four"));
            Conditioning unwanted = conditioning(pipeline, List.of("", "", "", ""));
            for (float guidance : new float[] {1, 3}) {
                for (int size = 2; size <= batch; size++) {
                    NDArray together = predict(pipeline, latents, timesteps, wanted, unwanted, guidance, 0, size);
                    for (int i = 0; i < size; i++) {
                        NDArray alone = predict(pipeline, latents, timesteps, wanted, unwanted, guidance, i, i + 1);
                        assertThat(together.get(new NDIndex("{}:{}", i, i + 1)).toFloatArray())
                                .as("clip %d of %d with guidance %s", i, size, guidance)
                                .isEqualTo(alone.toFloatArray());
                    }
                }
            }
        }
    }

    private Conditioning conditioning(DiffusionPipeline pipeline, List<String> texts) {
        Conditioning encoded = pipeline.promptEncoder().encode(manager, texts);
        if (!pipeline.promptEncoder().encodesImages()) {
            return encoded;
        }
        NDArray image = pipeline.promptEncoder().encodeImage(manager, new RgbImage(32, 16, new byte[3 * 32 * 16]));
        return encoded.withImage(image.concat(image.mul(2), 0).concat(image.concat(image.mul(3), 0), 0));
    }

    /** What is predicted of some of the clips in one call. */
    private static NDArray predict(
            DiffusionPipeline pipeline,
            NDArray latents,
            float[] timesteps,
            Conditioning wanted,
            Conditioning unwanted,
            float guidance,
            int from,
            int to) {
        var rows = new NDIndex("{}:{}", from, to);
        float[] scales = new float[to - from];
        Arrays.fill(scales, guidance);
        return pipeline.predict(
                latents.get(rows),
                Arrays.copyOfRange(timesteps, from, to),
                wanted.map(part -> part.get(rows)),
                unwanted.map(part -> part.get(rows)),
                scales,
                new float[to - from]);
    }

    private static Optional<SampleRequest.Source> source(Path folder, JsonNode run) throws IOException {
        if (!run.has("image")) {
            return Optional.empty();
        }
        RgbImage image = RgbImage.of(
                ImageIO.read(folder.resolve(run.path("image").asText()).toFile()));
        return Optional.of(new SampleRequest.Source(image, 1, Optional.empty()));
    }

    private static List<RgbImage> frames(Path folder, JsonNode run) throws IOException {
        var request = new SampleRequest(
                run.path("prompt").asText(),
                run.path("negative").asText(),
                new Seeds(run.path("seed").asLong(), null),
                run.path("steps").asInt(),
                Optional.empty(),
                run.path("guidance").asDouble(),
                0,
                new Geometry(
                        run.path("width").asInt(),
                        run.path("height").asInt(),
                        run.path("frames").asInt()),
                0,
                source(folder, run),
                Optional.empty(),
                Churn.NONE,
                run.has("guidance2") ? Optional.of(run.path("guidance2").asDouble()) : Optional.empty());
        try (DiffusionPipeline pipeline = DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32)) {
            return new Sampling(pipeline).run(request, step -> {}).frames().images();
        }
    }

    private static void assertFrames(String run, NDArray expected, List<RgbImage> frames) {
        assertThat(frames).as("frames of %s", run).hasSize((int)
                expected.getShape().get(0));
        float[] pixels = expected.toFloatArray();
        int size = pixels.length / frames.size();
        int worst = 0;
        for (int frame = 0; frame < frames.size(); frame++) {
            byte[] rgb = frames.get(frame).rgb();
            assertThat(rgb).hasSize(size);
            for (int i = 0; i < size; i++) {
                worst = Math.max(worst, Math.abs((rgb[i] & 0xff) - Math.round(pixels[frame * size + i])));
            }
        }
        assertThat(worst).as("greatest difference in %s", run).isLessThanOrEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "32, 16, 6, frames must be 1 more than a multiple of 4",
        "20, 16, 5, width must be a multiple of 8, was 20"
    })
    void aClipThatTheModelCannotMakeIsRefusedByNameAndValue(int width, int height, int frames, String message)
            throws IOException {
        Path folder = Golden.path("golden/wan-pipelines/text-2.1");
        try (DiffusionPipeline pipeline = DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32)) {
            assertThatThrownBy(() -> pipeline.latentShape(new Geometry(width, height, frames)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(message);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aFolderThatRunsIsReportedAsSupported(String kind) throws IOException {
        FolderReport report = FolderReport.of(Golden.path("golden/wan-pipelines/" + kind));

        assertThat(report.supported()).as(report.toString()).isTrue();
    }

    @Test
    void theImageEncoderIsReportedWithItsWeightsWhereItIsUsed() throws IOException {
        FolderReport report = FolderReport.of(Golden.path("golden/wan-pipelines/image-2.1"));

        assertThat(report.parts())
                .filteredOn(part -> part.name().equals("image_encoder"))
                .singleElement()
                .satisfies(part -> assertThat(part.parameters()).isPositive());
    }

    @ParameterizedTest
    @ValueSource(strings = {"image-2.1", "image-2.2-two"})
    void aModelThatRequiresAFirstFrameRefusesToDoWithout(String kind) throws IOException {
        Path folder = Golden.path("golden/wan-pipelines/" + kind);
        ObjectNode run =
                (ObjectNode) JSON.readTree(folder.resolve("runs.json").toFile()).get(0);
        run.remove("image");

        assertThatThrownBy(() -> frames(folder, run))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("image is required: the model makes clips from a first frame");
    }

    @Test
    void promptsAreCleanedAsFtfyDoes() throws IOException {
        for (JsonNode pair :
                JSON.readTree(Golden.path("golden/wan-prompts.json").toFile())) {
            assertThat(PromptCleaner.clean(pair.get(0).asText()))
                    .as(pair.get(0).toString())
                    .isEqualTo(pair.get(1).asText());
        }
    }
}
