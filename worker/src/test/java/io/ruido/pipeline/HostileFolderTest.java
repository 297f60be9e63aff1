package io.ruido.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.model.Golden;
import io.ruido.pipeline.lora.LoraFile;
import io.ruido.plan.Engine;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Model folders and LoRA files that were made to do harm: they are refused by name, soon and without taking much memory. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileFolderTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path model;

    @BeforeEach
    void copy() throws IOException {
        try (NDManager manager = Torch.newManager()) {
            Golden.copy(Golden.of("pipeline", manager).folder(), model);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            unet/config.json                | layers_per_block             | 2147483647
            unet/config.json                | layers_per_block             | 1099511627776
            unet/config.json                | layers_per_block             | -1
            unet/config.json                | transformer_layers_per_block | 2147483647
            unet/config.json                | block_out_channels           | [2147483647, 2147483647]
            unet/config.json                | cross_attention_dim          | 1e300
            unet/config.json                | norm_num_groups              | 0
            unet/config.json                | attention_head_dim           | 0
            unet/config.json                | sample_size                  | 2147483647
            vae/config.json                 | layers_per_block             | 2147483647
            vae/config.json                 | block_out_channels           | [16777216, 16777216]
            vae/config.json                 | norm_num_groups              | 0
            text_encoder/config.json        | num_hidden_layers            | 2147483647
            text_encoder/config.json        | hidden_size                  | 2147483647
            text_encoder/config.json        | max_position_embeddings      | 2147483647
            scheduler/scheduler_config.json | num_train_timesteps          | 2147483647
            scheduler/scheduler_config.json | beta_end                     | 1e308
            """)
    void numbersThatNoModelHasAreRefused(String file, String setting, String value) throws IOException {
        Path config = model.resolve(file);
        ObjectNode json = (ObjectNode) JSON.readTree(config.toFile());
        Files.writeString(config, json.set(setting, JSON.readTree(value)).toString());

        assertRefused(List.of());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model_index.json",
                "unet/config.json",
                "scheduler/scheduler_config.json",
                "tokenizer/tokenizer.json",
                "tokenizer/tokenizer_config.json"
            })
    void nestingWithoutEndIsRefused(String file) throws IOException {
        Files.writeString(model.resolve(file), "{\"x\": " + "[".repeat(1_000_000));

        assertRefused(List.of());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"x\": {\"dtype\": \"F32\", \"shape\": [4294967296, 4294967296], \"data_offsets\": [0, 0]}}",
                "{\"x\": {\"dtype\": \"F32\", \"shape\": [-1, -1], \"data_offsets\": [0, 4]}}",
                "{\"x\": {\"dtype\": \"F32\", \"shape\": [1e300], \"data_offsets\": [0, 0]}}",
                "{\"x\": {\"dtype\": \"F32\", \"shape\": \"many\", \"data_offsets\": [0, 4]}}",
                "{\"x\": {\"dtype\": \"F32\", \"data_offsets\": [0, 4]}}",
                "{\"x\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [-9223372036854775808, 9223372036854775807]}}",
                "{\"x\": 7}",
                "[]",
                "{\"lora_unet_conv_in.alpha\": {\"dtype\": \"F32\", \"shape\": [0], \"data_offsets\": [0, 0]}}"
            })
    void tensorsThatCannotBeAreRefused(String header) throws IOException {
        Path file = model.resolve("evil.safetensors");
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        Files.write(
                file,
                ByteBuffer.allocate(8 + json.length + 4)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(json.length)
                        .put(json)
                        .array());

        assertRefused(List.of(new LoraFile(file, 1)));
    }

    @Test
    void aLoraWhoseProductIsLargerThanItsWeightIsRefusedBeforeItIsMultipliedOut() throws IOException {
        Path file = model.resolve("evil.safetensors");
        try (NDManager manager = Torch.newManager()) {
            int side = 1 << 20; // The product would take 4 TB.
            SafeTensors.write(
                    file,
                    Map.of(
                            "unet.conv_in.lora_A.weight", manager.zeros(new Shape(1, side)),
                            "unet.conv_in.lora_B.weight", manager.zeros(new Shape(side, 1))),
                    DataType.FLOAT32);
        }

        assertThat(assertRefused(List.of(new LoraFile(file, 1)))).hasMessageContaining("conv_in");
    }

    private Throwable assertRefused(List<LoraFile> loras) {
        Throwable thrown =
                catchThrowable(() -> DiffusionPipeline.read(model, Device.cpu(), DataType.FLOAT32, Engine.EAGER, loras)
                        .close());

        assertThat(thrown).isInstanceOfAny(IOException.class, IllegalArgumentException.class);
        return thrown;
    }
}
