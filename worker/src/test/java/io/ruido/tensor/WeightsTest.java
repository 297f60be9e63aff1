package io.ruido.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.nn.Linear;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WeightsTest {
    private static final float[] VALUES = {1, -2.5f, 0.0625f, 3, 4, 65504};

    private final NDManager manager = Torch.newManager();

    @TempDir
    private Path folder;

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = DataType.class,
            names = {"FLOAT32", "FLOAT16"})
    void tensorsThatWereWrittenAreReadByTheirScopedNames(DataType type) throws IOException {
        SafeTensors.write(folder.resolve("model.safetensors"), Map.of("a.0.w", tensor()), type);

        Weights weights = read();

        assertThat(weights.at("a").at(0).get("w", Init.ZEROS, 2, 3).toFloatArray())
                .containsExactly(VALUES);
        weights.rejectUnread();
        assertThat(weights.tensors()).containsOnlyKeys("a.0.w");
    }

    @Test
    void bfloat16TensorsAreReadAsFloats() throws IOException {
        var data = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : new float[] {1, -2.5f, 0.0625f, 3, 4, 256}) {
            data.putShort((short) (Float.floatToIntBits(value) >> 16));
        }
        write("{\"w\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[0,12]}}", data.array());

        assertThat(read().get("w", Init.ZEROS, 2, 3).toFloatArray()).containsExactly(1, -2.5f, 0.0625f, 3, 4, 256);
    }

    @ParameterizedTest
    @EnumSource(
            value = DataType.class,
            names = {"FLOAT16", "BFLOAT16"})
    void tensorsAreConvertedToTheTypeAskedFor(DataType type) throws IOException {
        SafeTensors.write(folder.resolve("model.safetensors"), Map.of("w", tensor()), DataType.FLOAT32);

        NDArray half = Weights.read(folder, manager, type).get("w", Init.ZEROS, 2, 3);

        assertThat(half.size() * 2).isEqualTo(half.toByteBuffer().remaining());
        assertThat(Ops.cast(half, DataType.FLOAT32).get(0).toFloatArray()).containsExactly(1, -2.5f, 0.0625f);
    }

    @Test
    void theShardsOfAnIndexAreOneModel() throws IOException {
        SafeTensors.write(folder.resolve("model-1.safetensors"), Map.of("a", tensor()), DataType.FLOAT32);
        SafeTensors.write(folder.resolve("model-2.safetensors"), Map.of("b", tensor()), DataType.FLOAT32);
        Files.writeString(
                folder.resolve("model.safetensors.index.json"),
                "{\"weight_map\":{\"a\":\"model-1.safetensors\",\"b\":\"model-2.safetensors\"}}");

        Weights weights = read();

        assertThat(weights.get("a", Init.ZEROS, 2, 3).toFloatArray()).containsExactly(VALUES);
        assertThat(weights.get("b", Init.ZEROS, 2, 3).toFloatArray()).containsExactly(VALUES);
        weights.rejectUnread();
    }

    @Test
    void aMissingTensorAndOneOfAnotherShapeAreNamed() throws IOException {
        SafeTensors.write(folder.resolve("model.safetensors"), Map.of("a.w", tensor()), DataType.FLOAT32);

        assertThatThrownBy(() -> read().at("a").get("v", Init.ZEROS, 7))
                .hasMessage("missing tensor a.v in %s, expected with shape (7)", folder);
        assertThatThrownBy(() -> Weights.shapes(folder, manager).get("v", Init.ZEROS, 7))
                .hasMessage("missing tensor v in %s, expected with shape (7)", folder);
        assertThatThrownBy(() -> read().at("a").get("w", Init.ZEROS, 3, 2))
                .hasMessageContainingAll("tensor a.w in", "model.safetensors: expected shape (3, 2), found (2, 3)");
    }

    @Test
    void surplusTensorsAreNamedUnlessTheyAreSkipped() throws IOException {
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        for (String name : new String[] {"w", "head.w", "head.b", "headless"}) {
            tensors.put(name, tensor());
        }
        SafeTensors.write(folder.resolve("model.safetensors"), tensors, DataType.FLOAT32);
        Weights weights = read();
        weights.get("w", Init.ZEROS, 2, 3);
        weights.skip("head");

        assertThatThrownBy(weights::rejectUnread)
                .hasMessage(folder + ": the model has no place for 1 tensors: headless");
    }

    @Test
    void aFileThatIsCutOffIsRefusedByNameAndTensor() throws IOException {
        Path file = folder.resolve("model.safetensors");
        SafeTensors.write(file, Map.of("w", tensor()), DataType.FLOAT32);
        byte[] whole = Files.readAllBytes(file);

        for (int length : new int[] {0, 7, 8, 40}) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(this::read)
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll("model.safetensors", "truncated");
        }
        Files.write(file, Arrays.copyOf(whole, whole.length - 1));
        assertThatThrownBy(this::read).hasMessageContainingAll("model.safetensors is truncated", "tensor w");
    }

    @Test
    void tensorsThatDoNotFitTheirBytesAreRefused() throws IOException {
        write("{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,20]}}", new byte[24]);
        assertThatThrownBy(this::read).hasMessageContaining("shape (2, 3) should have 24 bytes, has 20");

        write("{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[8,32]}}", new byte[24]);
        assertThatThrownBy(this::read).hasMessageContaining("tensor w lies at bytes 8 to 32 of 24");

        write("{\"w\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[0,8]}}", new byte[8]);
        assertThatThrownBy(this::read).hasMessageContaining("tensor w has type I32; supported: BF16, F16, F32");

        write("no json", new byte[2]);
        assertThatThrownBy(this::read).isInstanceOf(IOException.class).hasMessageContaining("model.safetensors");
    }

    @Test
    void aFolderWithoutWeightsIsRefused() {
        assertThatThrownBy(this::read)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no diffusion_pytorch_model");
    }

    @Test
    void freshTensorsDependOnTheSeedOnlyAndStartLikePyTorchs() {
        float[] first = Linear.of(Weights.fresh(manager, 7), 400, 50).weight().toFloatArray();
        float[] again = Linear.of(Weights.fresh(manager, 7), 400, 50).weight().toFloatArray();
        float[] other = Linear.of(Weights.fresh(manager, 8), 400, 50).weight().toFloatArray();

        assertThat(first).isEqualTo(again).isNotEqualTo(other);
        double square = 0;
        for (float value : first) {
            assertThat(value).isBetween(-0.05f, 0.05f); // 1/√400
            square += value * value;
        }
        assertThat(Math.sqrt(square / first.length)).isBetween(0.028, 0.030); // 0.05/√3
    }

    private NDArray tensor() {
        return manager.create(VALUES, new Shape(2, 3));
    }

    private Weights read() throws IOException {
        return Weights.read(folder, manager, DataType.FLOAT32);
    }

    private void write(String header, byte[] data) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        var file = ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json).put(data);
        Files.write(folder.resolve("model.safetensors"), file.array());
    }
}
