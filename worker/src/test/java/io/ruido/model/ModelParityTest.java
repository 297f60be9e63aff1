package io.ruido.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.nn.Ops;
import io.ruido.nn.SeededWeights;
import io.ruido.nn.Torch;
import io.ruido.nn.Weights;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Models of many configurations beside those of diffusers and transformers, see {@code make_model_goldens.py}. */
class ModelParityTest {
    private final NDManager manager = Torch.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    static List<String> models() throws IOException, URISyntaxException {
        Path goldens =
                Path.of(ModelParityTest.class.getResource("/golden/models").toURI());
        try (Stream<Path> folders = Files.list(goldens)) {
            return folders.map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void aModelComputesWhatTheReferenceDoes(String name) throws IOException {
        Golden golden = Golden.of("models/" + name, manager);
        JsonNode config = Settings.read(golden.folder());
        Weights weights = SeededWeights.weights(manager).packed();
        String kind = config.path("_class_name").asText();
        switch (kind) {
            case "UNet2DConditionModel" ->
                assertPrediction(golden, new UNet2DConditionModel(UNetConfig.of(config), weights), config);
            case "UNet2DModel" -> assertPrediction(golden, new UNet2DModel(UNet2DConfig.of(config), weights), config);
            case "DiTTransformer2DModel" ->
                assertPrediction(golden, new DiTTransformer2DModel(DiTConfig.of(config), weights), config);
            case "PixArtTransformer2DModel" ->
                assertPrediction(golden, new PixArtTransformer2DModel(PixArtConfig.of(config), weights), config);
            case "AutoencoderKL" -> assertPictures(golden, new AutoencoderKL(AutoencoderKLConfig.of(config), weights));
            case "T5EncoderModel" -> {
                NDArray mask = golden.get("mask").toType(DataType.INT64, false);
                golden.assertClose("out", new T5EncoderModel(T5Config.of(config), weights).forward(ids(golden), mask));
            }
            default -> {
                boolean projection = kind.equals("CLIPTextModelWithProjection");
                assertText(golden, new ClipTextModel(ClipTextConfig.of(config, projection), weights));
            }
        }
    }

    private static void assertPrediction(Golden golden, Denoiser denoiser, JsonNode config) {
        boolean ids = config.path("num_class_embeds").isInt() || config.has("num_embeds_ada_norm");
        NDArray labels = part(golden, "labels");
        var conditioning = new Conditioning(
                part(golden, "states"),
                part(golden, "mask"),
                part(golden, "pooled"),
                part(golden, "sizes"),
                ids && !labels.isEmpty() ? labels.toType(DataType.INT64, false) : labels,
                part(golden, "guidance"));
        golden.assertClose("out", denoiser.forward(golden.get("latents"), golden.get("timesteps"), conditioning));
    }

    private static void assertPictures(Golden golden, AutoencoderKL vae) {
        AutoencoderKL.Posterior posterior = vae.encode(golden.get("picture"));
        golden.assertClose("mean", posterior.mean());
        golden.assertClose("logvar", posterior.logvar());
        golden.assertClose("out", vae.decode(golden.get("mean")));
        if (golden.tensors().containsKey("tiled")) {
            golden.assertClose("tiled", vae.decodeTiled(golden.get("z")));
        }
    }

    private static void assertText(Golden golden, ClipTextModel model) {
        ClipTextModel.Output output = model.forward(ids(golden), Ops.none());
        golden.assertClose("last", output.last());
        golden.assertClose("pooled", output.pooled());
        golden.assertClose("penultimate", output.hidden().get(output.hidden().size() - 2));
    }

    private static NDArray ids(Golden golden) {
        return golden.get("ids").toType(DataType.INT64, false);
    }

    private static NDArray part(Golden golden, String name) {
        return golden.tensors().getOrDefault(name, Ops.none());
    }
}
