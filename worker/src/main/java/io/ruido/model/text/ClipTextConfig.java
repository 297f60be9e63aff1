package io.ruido.model.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.ModelSettings;
import io.ruido.nn.Activation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * Settings of {@link ClipTextModel}, by the names and defaults of transformers' {@code config.json}.
 *
 * @param projectionDim width of the projected state of a whole text, for a model with such a projection
 * @param useAttentionMask whether tokens that pad a text are hidden from the others, as diffusers' pipelines take it
 */
public record ClipTextConfig(
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        int numHiddenLayers,
        int numAttentionHeads,
        int maxPositionEmbeddings,
        Activation hiddenAct,
        double layerNormEps,
        int eosTokenId,
        OptionalInt projectionDim,
        boolean useAttentionMask) {

    /** @param projection whether the model is a {@code CLIPTextModelWithProjection} */
    public static ClipTextConfig read(Path folder, boolean projection) throws IOException {
        return of(ModelSettings.read(folder), projection);
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static ClipTextConfig of(JsonNode whole, boolean projection) {
        JsonNode json = whole.path("model_type").asText().equals("clip") ? whole.path("text_config") : whole;
        var settings = new ModelSettings("CLIPTextModel", json);
        settings.ignore("architectures", "transformers_version", "torch_dtype", "dtype", "model_type", "pad_token_id");
        settings.ignore("bos_token_id", "attention_dropout", "dropout", "initializer_factor", "initializer_range");
        int width = settings.number("projection_dim", 512);
        var config = new ClipTextConfig(
                settings.number("vocab_size", 49408),
                settings.number("hidden_size", 512),
                settings.number("intermediate_size", 2048),
                settings.number("num_hidden_layers", 12),
                settings.number("num_attention_heads", 8),
                settings.number("max_position_embeddings", 77),
                settings.activation("hidden_act", "quick_gelu"),
                settings.decimal("layer_norm_eps", 1e-5),
                settings.number("eos_token_id", 0, 49407),
                projection ? OptionalInt.of(width) : OptionalInt.empty(),
                settings.flag("use_attention_mask", false));
        settings.rejectUnknown();
        return config;
    }

    ClipLayer.Size layer() {
        return new ClipLayer.Size(hiddenSize, intermediateSize, numAttentionHeads, hiddenAct, layerNormEps);
    }
}
