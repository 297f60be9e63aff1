package io.ruido.model;

import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.autoencoder.AutoencoderKLConfig;
import io.ruido.model.text.BertConfig;
import io.ruido.model.text.BertModel;
import io.ruido.model.text.ClipTextConfig;
import io.ruido.model.text.ClipTextModel;
import io.ruido.model.text.T5Config;
import io.ruido.model.text.T5EncoderModel;
import io.ruido.model.transformer.DiTConfig;
import io.ruido.model.transformer.DiTTransformer2DModel;
import io.ruido.model.transformer.PixArtConfig;
import io.ruido.model.transformer.PixArtTransformer2DModel;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.model.unet.UNet2DConfig;
import io.ruido.model.unet.UNet2DModel;
import io.ruido.model.unet.UNetConfig;
import io.ruido.model.wan.AutoencoderKLWan;
import io.ruido.model.wan.AutoencoderKLWanConfig;
import io.ruido.model.wan.WanConfig;
import io.ruido.model.wan.WanTransformer3DModel;
import io.ruido.tensor.Ops;
import io.ruido.tensor.SeededWeights;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.util.List;
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

    static List<String> models() throws IOException {
        return Golden.names("golden/models");
    }

    @ParameterizedTest
    @MethodSource("models")
    void aModelComputesWhatTheReferenceDoes(String name) throws IOException {
        Golden golden = Golden.of("models/" + name, manager);
        JsonNode config = ModelSettings.read(golden.folder());
        Weights weights = SeededWeights.weights(manager).packed();
        String kind = config.path("_class_name").asText();
        switch (kind) {
            case "UNet2DConditionModel" ->
                assertPrediction(
                        golden, Golden.build(() -> new UNet2DConditionModel(UNetConfig.of(config), weights)), config);
            case "UNet2DModel" ->
                assertPrediction(golden, Golden.build(() -> new UNet2DModel(UNet2DConfig.of(config), weights)), config);
            case "DiTTransformer2DModel" ->
                assertPrediction(
                        golden, Golden.build(() -> new DiTTransformer2DModel(DiTConfig.of(config), weights)), config);
            case "PixArtTransformer2DModel" ->
                assertPrediction(
                        golden,
                        Golden.build(() -> new PixArtTransformer2DModel(PixArtConfig.of(config), weights)),
                        config);
            case "AutoencoderKL" ->
                assertPictures(golden, Golden.build(() -> new AutoencoderKL(AutoencoderKLConfig.of(config), weights)));
            case "AutoencoderKLWan" ->
                assertClips(
                        golden, Golden.build(() -> new AutoencoderKLWan(AutoencoderKLWanConfig.of(config), weights)));
            case "WanTransformer3DModel" -> {
                var model = Golden.build(() -> new WanTransformer3DModel(WanConfig.of(config), weights));
                NDArray picture = golden.part("picture");
                golden.assertClose(
                        "out",
                        model.forward(golden.get("latents"), golden.get("timesteps"), golden.get("states"), picture));
            }
            case "T5EncoderModel", "UMT5EncoderModel" -> {
                var model = Golden.build(() -> new T5EncoderModel(T5Config.of(config), weights));
                golden.assertClose("out", model.forward(ids(golden, "ids"), ids(golden, "mask")));
            }
            case "BertModel" -> {
                var model = Golden.build(() -> new BertModel(BertConfig.of(config), weights));
                golden.assertClose("out", model.forward(ids(golden, "ids"), ids(golden, "mask")));
            }
            default -> {
                boolean projection = kind.equals("CLIPTextModelWithProjection");
                assertText(
                        golden, Golden.build(() -> new ClipTextModel(ClipTextConfig.of(config, projection), weights)));
            }
        }
    }

    private static void assertPrediction(Golden golden, Denoiser denoiser, JsonNode config) {
        NDArray latents = golden.get("latents");
        List.of(2, 3).forEach(side -> assumeThat(
                        latents.getShape().get(side) % denoiser.config().divisor())
                .as("sides that the model supports")
                .isZero());
        golden.assertClose("out", denoiser.forward(latents, golden.get("timesteps"), golden.conditioning(config)));
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

    private static void assertClips(Golden golden, AutoencoderKLWan vae) {
        AutoencoderKL.Posterior posterior = vae.encode(golden.get("clip"));
        golden.assertClose("mean", posterior.mean());
        golden.assertClose("logvar", posterior.logvar());
        golden.assertClose("out", vae.decode(golden.get("mean")));
    }

    private static void assertText(Golden golden, ClipTextModel model) {
        ClipTextModel.Output output = model.forward(ids(golden, "ids"), Ops.none());
        golden.assertClose("last", output.last());
        golden.assertClose("pooled", output.pooled());
        golden.assertClose("penultimate", output.hidden().get(output.hidden().size() - 2));
    }

    private static NDArray ids(Golden golden, String name) {
        return golden.get(name).toType(DataType.INT64, false);
    }
}
