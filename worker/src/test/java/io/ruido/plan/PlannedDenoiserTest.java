package io.ruido.plan;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.model.Golden;
import io.ruido.model.transformer.DiTConfig;
import io.ruido.model.transformer.DiTTransformer2DModel;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.model.unet.UNetConfig;
import io.ruido.pipeline.ModelFamilies;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.SeededWeights;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A plan predicts what the layers do, and is made once for all sizes. */
class PlannedDenoiserTest {
    private static final Set<String> DENOISERS =
            Set.of("UNet2DConditionModel", "UNet2DModel", "DiTTransformer2DModel", "PixArtTransformer2DModel");
    private static final String UNET = """
            {"block_out_channels": [32, 64], "layers_per_block": 1, "cross_attention_dim": 24,
             "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
             "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"], "attention_head_dim": 2}""";
    private static final String DIT = """
            {"num_layers": 1, "num_attention_heads": 2, "attention_head_dim": 16, "sample_size": 8, "patch_size": 2,
             "in_channels": 4, "out_channels": 4, "num_embeds_ada_norm": 3}""";

    @TempDir
    private Path folder;

    private final NDManager manager = Torch.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    static List<String> denoisers() throws IOException {
        return Golden.names("golden/models").stream()
                .filter(name -> DENOISERS.contains(className(name)))
                .toList();
    }

    private static String className(String name) {
        return config(name).path("_class_name").asText();
    }

    private static JsonNode config(String name) {
        try {
            return new ObjectMapper()
                    .readTree(Golden.path("golden/models/" + name)
                            .resolve("config.json")
                            .toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("denoisers")
    void aPlanPredictsWhatTheReferenceDoes(String name) throws IOException {
        Golden golden = Golden.of("models/" + name, manager);
        Weights weights = SeededWeights.weights(manager);
        Denoiser layers = Golden.build(() -> ModelFamilies.denoiser(className(name), config(name), weights));
        NDArray latents = golden.get("latents");

        try (var planned = new PlannedDenoiser(layers, weights)) {
            golden.assertClose(
                    "out", planned.forward(latents, golden.get("timesteps"), golden.conditioning(config(name))));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"unet", "unet-deep", "unet-no-middle-attention"})
    void aPlanOfWeightsInAFilePredictsWhatTheReferenceDoes(String name) throws IOException {
        Golden golden = Golden.of(name, manager);
        Weights weights = Weights.read(golden.folder(), manager, DataType.FLOAT32);
        Denoiser layers = UNet2DConditionModel.NETWORK.read(golden.folder(), weights);

        try (var planned = new PlannedDenoiser(layers, weights)) {
            golden.assertClose(
                    "out",
                    planned.forward(
                            golden.get("latents"),
                            golden.get("timesteps"),
                            Conditioning.ofStates(golden.get("context"))));
            assertThat(planned.plans()).isOne();
        }
    }

    @Test
    void picturesAndTextsOfAllSizesShareAPlan() throws IOException {
        Weights weights = Weights.fresh(manager, 1);
        var layers = new UNet2DConditionModel(UNetConfig.of(new ObjectMapper().readTree(UNET)), weights);

        try (var planned = new PlannedDenoiser(layers, weights)) {
            assertSame(layers, planned, 1, 8, 8, Conditioning.ofStates(noise(1, 7, 24)));
            assertSame(layers, planned, 3, 12, 6, Conditioning.ofStates(noise(3, 5, 24)));
            assertThat(planned.plans()).isOne();
        }
    }

    @Test
    void picturesOfAllSizesShareATransformersPlan() throws IOException {
        Weights weights = Weights.fresh(manager, 1);
        var layers = new DiTTransformer2DModel(DiTConfig.of(new ObjectMapper().readTree(DIT)), weights);

        try (var planned = new PlannedDenoiser(layers, weights)) {
            assertSame(layers, planned, 1, 8, 8, Conditioning.none().withLabels(manager.create(new long[] {2})));
            assertSame(layers, planned, 2, 4, 6, Conditioning.none().withLabels(manager.create(new long[] {0, 3})));
            assertThat(planned.plans()).isOne();
        }
    }

    @Test
    void aPlanReadsArraysInWhateverOrderTheirValuesLie() throws IOException {
        Weights weights = Weights.fresh(manager, 1);
        var layers = new UNet2DConditionModel(UNetConfig.of(new ObjectMapper().readTree(UNET)), weights);
        NDArray turned = noise(1, 4, 8, 8).transpose(0, 1, 3, 2);
        NDArray timesteps = manager.create(new float[] {500});
        Conditioning conditioning = Conditioning.ofStates(noise(1, 24, 7).transpose(0, 2, 1));

        try (var planned = new PlannedDenoiser(layers, weights)) {
            assertSame(layers, planned, turned, timesteps, conditioning);
        }
    }

    /** The way up doubles five to ten, but the skip connection has nine. */
    @Test
    void sidesThatDoNotDoubleShareThePlan() throws IOException {
        Weights weights = Weights.fresh(manager, 1);
        var layers = new UNet2DConditionModel(UNetConfig.of(new ObjectMapper().readTree(UNET)), weights);

        try (var planned = new PlannedDenoiser(layers, weights)) {
            assertSame(layers, planned, 1, 8, 8, Conditioning.ofStates(noise(1, 7, 24)));
            assertSame(layers, planned, 1, 9, 13, Conditioning.ofStates(noise(1, 7, 24)));
            assertThat(planned.plans()).isOne();
        }
    }

    @Test
    void onlyTheSizesThatWereUsedLastAreKept() {
        Planned.Input input = new Planned.Input("x", "batch", "length");
        Weights weights = Weights.fresh(manager, 1);
        try (var planned = new Planned(
                inputs -> inputs.get(input)
                        .add(manager.ones(inputs.get(input).getShape().slice(1))),
                weights)) {
            for (int round = 0; round < 2; round++) {
                for (int length = 1; length <= Planned.MAX_SIZES + 3; length++) {
                    NDArray x = noise(1, length);
                    assertThat(planned.call(manager, Map.of(input, x), x.getShape())
                                    .toFloatArray())
                            .isEqualTo(x.add(1).toFloatArray());
                }
            }
            assertThat(planned.sizes()).isEqualTo(Planned.MAX_SIZES);
            assertThat(planned.plans()).isLessThanOrEqualTo(Planned.MAX_SIZES);
        }
    }

    @Test
    void aPlanConvertsWeightsInHalfPrecision() throws IOException {
        UNetConfig config = UNetConfig.of(new ObjectMapper().readTree(UNET));
        Weights fresh = Weights.fresh(manager, 1);
        var _ = new UNet2DConditionModel(config, fresh);
        SafeTensors.write(folder.resolve("model.safetensors"), fresh.tensors(), DataType.FLOAT16);
        Weights stored = Weights.stored(folder, manager);
        var layers = new UNet2DConditionModel(config, Weights.read(folder, manager, DataType.FLOAT32));

        try (var planned = new PlannedDenoiser(new UNet2DConditionModel(config, stored), stored)) {
            assertSame(layers, planned, 2, 8, 8, Conditioning.ofStates(noise(2, 7, 24)));
        }
    }

    private void assertSame(
            Denoiser layers, Denoiser planned, int batch, int height, int width, Conditioning conditioning) {
        NDArray latents = noise(batch, 4, height, width);
        NDArray timesteps = manager.ones(new Shape(batch)).mul(500);
        assertSame(layers, planned, latents, timesteps, conditioning);
    }

    private static void assertSame(
            Denoiser layers, Denoiser planned, NDArray latents, NDArray timesteps, Conditioning conditioning) {
        NDArray expected = layers.forward(latents, timesteps, conditioning);
        NDArray actual = planned.forward(latents, timesteps, conditioning);
        assertThat(actual.getShape()).isEqualTo(expected.getShape());
        assertThat(actual.sub(expected).abs().max().getFloat())
                .isLessThan(1e-4f * expected.abs().max().getFloat());
    }

    private NDArray noise(long... shape) {
        return manager.randomNormal(new Shape(shape));
    }

    @Test
    void whyAModelHasNoPlanIsTold() throws IOException {
        Path file = folder.resolve("model.safetensors");
        var tensors = Map.of("w", manager.ones(new Shape(2)));
        String network = "UNet2DModel";
        SafeTensors.write(file, tensors, DataType.FLOAT32);

        assertThat(PlannedDenoiser.obstacle(network, folder, manager, DataType.FLOAT32))
                .isEmpty();
        assertThat(PlannedDenoiser.obstacle("WanTransformer3DModel", folder, manager, DataType.FLOAT32))
                .contains("there are no plans of WanTransformer3DModel");
        assertThat(PlannedDenoiser.obstacle(network, folder, manager, DataType.BFLOAT16))
                .contains("it computes in bfloat16");
        SafeTensors.write(file, tensors, DataType.FLOAT16);
        assertThat(PlannedDenoiser.obstacle(network, folder, manager, DataType.FLOAT32))
                .isEmpty();
        Files.write(file, bfloat16File());
        assertThat(PlannedDenoiser.obstacle(network, folder, manager, DataType.FLOAT32))
                .contains("its file has weights of type BF16");
    }

    private static byte[] bfloat16File() {
        byte[] header =
                "{\"w\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]}}".getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(8 + header.length + 4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .array();
    }
}
