package io.ruido.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.job.Geometry;
import io.ruido.job.Seeds;
import io.ruido.model.Golden;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders as people have them, of which the goldens of pipelines are the plainest: see make_folder_goldens.py. */
class FolderVariationsTest {
    private static final Path PLAIN = Golden.path("golden/pipelines/stable-diffusion");
    private static final Path FOLDERS = Golden.path("golden/folders");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String WEIGHTS = "unet/diffusion_pytorch_model.safetensors";

    @TempDir
    Path folder;

    private final NDManager manager = Torch.newManager();

    @BeforeEach
    void copyPlain() throws IOException {
        Golden.copy(PLAIN, folder);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private byte[] drawn(String prompt) throws IOException {
        try (var pipeline = DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32)) {
            SampleRequest request = new SampleRequest(
                    prompt,
                    "blue",
                    Seeds.of(7),
                    5,
                    Optional.empty(),
                    4,
                    0,
                    Geometry.ofImage(16, 16),
                    0,
                    Optional.empty());
            RgbImage picture =
                    new Sampling(pipeline).run(request, step -> {}).frames().first();
            return picture.rgb();
        }
    }

    private void assertPicture(String name, NDArray expected, byte[] actual) {
        float[] pixels = expected.transpose(1, 2, 0).reshape(-1).toFloatArray();
        for (int i = 0; i < pixels.length; i++) {
            assertThat((double) Math.abs((actual[i] & 0xff) - pixels[i]))
                    .as(name)
                    .isLessThanOrEqualTo(1);
        }
    }

    @Test
    void settingsThatDisagreeAreReadAsDiffusersReadsThem() throws IOException {
        Map<String, NDArray> pictures =
                SafeTensors.read(FOLDERS.resolve("pictures.safetensors"), manager, DataType.FLOAT32);
        JsonNode prompts = JSON.readTree(FOLDERS.resolve("prompts.json").toFile());
        for (var prompt : prompts.properties()) {
            copyPlain();
            Golden.copy(FOLDERS.resolve(prompt.getKey()), folder);

            assertPicture(
                    prompt.getKey(),
                    pictures.get(prompt.getKey()),
                    drawn(prompt.getValue().asText()));
        }
    }

    @Test
    void aSettingThatNoSchedulerHasIsReportedAndHasNoEffect() throws IOException {
        Golden.copy(FOLDERS.resolve("HeunDiscreteScheduler"), folder);

        FolderReport report = FolderReport.of(folder);

        assertThat(report.supported()).as(report.toString()).isTrue();
        assertThat(report.parts())
                .filteredOn(part -> part.name().equals("scheduler"))
                .flatExtracting(FolderReport.Part::warnings)
                .containsExactly("setting of_no_scheduler is unknown and has no effect");
    }

    @Test
    void aVariantIsReadWhereThereIsNoOther() throws IOException {
        byte[] expected = drawn("a red apple");
        Files.move(
                folder.resolve(WEIGHTS),
                folder.resolve(WEIGHTS).resolveSibling("diffusion_pytorch_model.fp16.safetensors"));

        assertThat(drawn("a red apple")).isEqualTo(expected);
    }

    @Test
    void aVariantInShardsIsReadWhereThereIsNoOther() throws IOException {
        byte[] expected = drawn("a red apple");
        Path weights = folder.resolve(WEIGHTS);
        String shard = "diffusion_pytorch_model.bf16-00001-of-00001.safetensors";
        Files.move(weights, weights.resolveSibling(shard));
        Files.writeString(
                weights.resolveSibling("diffusion_pytorch_model.safetensors.index.bf16.json"),
                "{\"weight_map\": {\"conv_in.weight\": \"%s\"}}".formatted(shard));

        assertThat(drawn("a red apple")).isEqualTo(expected);
    }

    @Test
    void weightsOfOtherTypesAreReadWithTheirValues() throws IOException {
        byte[] expected = drawn("a red apple");
        rewrite("F64", 8, value -> littleEndian(8).putDouble(value).array());

        assertThat(drawn("a red apple")).isEqualTo(expected);
        assertThat(FolderReport.of(folder).supported()).isTrue();
    }

    @Test
    void valuesOfEightBitsAreThoseOfTorch() throws IOException {
        float[] e4m3 = {0, 1, -1.5f, 448, 0.001953125f, 0.013671875f, 240};
        byte[] e4m3Bits = {0, 0x38, (byte) 0xbc, 0x7e, 1, 7, 0x77};
        float[] e5m2 = {0, 1, -1.5f, 57344, Math.scalb(1f, -16)};
        byte[] e5m2Bits = {0, 0x3c, (byte) 0xbe, 0x7b, 1};
        Path file = folder.resolve("float8.safetensors");
        write(file, Map.of("a", new Stored("F8_E4M3", e4m3Bits), "b", new Stored("F8_E5M2", e5m2Bits)));

        Map<String, NDArray> read = SafeTensors.read(file, manager, DataType.FLOAT32);

        assertThat(read.get("a").toFloatArray()).isEqualTo(e4m3);
        assertThat(read.get("b").toFloatArray()).isEqualTo(e5m2);
    }

    @Test
    void aTextEncoderMayBringAllOfClip() throws IOException {
        byte[] expected = drawn("a red apple");
        Path file = folder.resolve("text_encoder/model.safetensors");
        Map<String, NDArray> tensors = new LinkedHashMap<>(SafeTensors.read(file, manager, DataType.FLOAT32));
        tensors.put("vision_model.embeddings.class_embedding", manager.zeros(new Shape(3)));
        tensors.put("visual_projection.weight", manager.zeros(new Shape(2, 3)));
        tensors.put("text_projection.weight", manager.zeros(new Shape(2, 3)));
        tensors.put("logit_scale", manager.zeros(new Shape(1)));
        SafeTensors.write(file, tensors, DataType.FLOAT16);
        Path config = folder.resolve("text_encoder/config.json");
        ObjectNode whole = JSON.createObjectNode().put("model_type", "clip");
        whole.set("text_config", JSON.readTree(config.toFile()));
        JSON.writeValue(config.toFile(), whole);

        assertThat(drawn("a red apple")).isEqualTo(expected);
    }

    @Test
    void aDenoiserWrittenBeforeVersion09DrawsTheUsualSizeWhereItNamesASmallerOne() throws IOException {
        Path config = folder.resolve("unet/config.json");
        ObjectNode json = (ObjectNode) JSON.readTree(config.toFile());
        JSON.writeValue(config.toFile(), json.put("_diffusers_version", "0.8.1").put("sample_size", 32));

        try (var pipeline = DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32)) {
            assertThat(pipeline.defaultGeometry().width()).isEqualTo(128);
        }
    }

    @Test
    void whatIsNoWeightsFileIsRefusedWithWhatToDo() throws IOException {
        Path weights = folder.resolve(WEIGHTS);
        Files.move(weights, weights.resolveSibling("diffusion_pytorch_model.bin"));
        assertThatThrownBy(() -> drawn("a red apple"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("only files of pickled Python")
                .hasMessageContaining("safe_serialization=True");

        Files.writeString(weights, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n");
        assertThatThrownBy(() -> drawn("a red apple"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is a pointer of Git LFS")
                .hasMessageContaining("git lfs pull");
    }

    private record Stored(String type, byte[] bytes) {}

    private static ByteBuffer littleEndian(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The denoiser's weights in another type. */
    private void rewrite(String type, int width, Function<Float, byte[]> value) throws IOException {
        Path file = folder.resolve(WEIGHTS);
        Map<String, NDArray> tensors = SafeTensors.read(file, manager, DataType.FLOAT32);
        ObjectNode header = JSON.createObjectNode();
        int size = tensors.values().stream()
                .mapToInt(tensor -> (int) tensor.size() * width)
                .sum();
        ByteBuffer data = littleEndian(size);
        for (var tensor : tensors.entrySet()) {
            ObjectNode entry = header.putObject(tensor.getKey()).put("dtype", type);
            Arrays.stream(tensor.getValue().getShape().getShape()).forEach(entry.withArray("shape")::add);
            entry.withArray("data_offsets").add(data.position());
            for (float each : tensor.getValue().toFloatArray()) {
                data.put(value.apply(each));
            }
            entry.withArray("data_offsets").add(data.position());
        }
        write(file, header, data.array());
    }

    private static void write(Path file, Map<String, Stored> tensors) throws IOException {
        ObjectNode header = JSON.createObjectNode();
        ByteBuffer data = littleEndian(tensors.values().stream()
                .mapToInt(tensor -> tensor.bytes.length)
                .sum());
        tensors.forEach((name, tensor) -> {
            ObjectNode entry = header.putObject(name).put("dtype", tensor.type);
            entry.putArray("shape").add(tensor.bytes.length);
            entry.putArray("data_offsets").add(data.position()).add(data.position() + tensor.bytes.length);
            data.put(tensor.bytes);
        });
        write(file, header, data.array());
    }

    private static void write(Path file, ObjectNode header, byte[] data) throws IOException {
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        Files.write(
                file,
                littleEndian(8 + padded.length + data.length)
                        .putLong(padded.length)
                        .put(padded)
                        .put(data)
                        .array());
    }
}
