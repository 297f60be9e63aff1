package io.ruido.model.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.ModelSettings;
import io.ruido.nn.Activation;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Settings of {@link ClipVisionModel}, by the names and defaults of transformers' {@code config.json}.
 *
 * @param imageSize side of an image
 * @param patchSize side of a patch
 */
public record ClipVisionConfig(
        int hiddenSize,
        int intermediateSize,
        int numHiddenLayers,
        int numAttentionHeads,
        int numChannels,
        int imageSize,
        int patchSize,
        Activation hiddenAct,
        double layerNormEps) {

    public static ClipVisionConfig read(Path folder) throws IOException {
        return of(ModelSettings.read(folder));
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static ClipVisionConfig of(JsonNode json) {
        var settings = new ModelSettings("CLIPVisionModel", json);
        settings.ignore("architectures", "transformers_version", "torch_dtype", "dtype", "model_type", "dropout");
        settings.ignore("projection_dim", "attention_dropout", "initializer_factor", "initializer_range");
        var config = new ClipVisionConfig(
                settings.number("hidden_size", 768),
                settings.number("intermediate_size", 3072),
                settings.number("num_hidden_layers", 12),
                settings.number("num_attention_heads", 12),
                settings.number("num_channels", 3),
                settings.number("image_size", 224),
                settings.number("patch_size", 32),
                settings.activation("hidden_act", "quick_gelu"),
                settings.decimal("layer_norm_eps", 1e-5));
        settings.rejectUnknown();
        return config;
    }

    ClipLayer.Size layer() {
        return new ClipLayer.Size(hiddenSize, intermediateSize, numAttentionHeads, hiddenAct, layerNormEps);
    }
}
