package io.ruido.model.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.ModelSettings;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Settings of {@link BertModel}, with the names and defaults of transformers' {@code config.json}.
 *
 * @param useAttentionMask whether tokens that pad a text are hidden from the others, as diffusers' pipelines take it
 * @param pooledTokenScale length of the {@linkplain BertModel#pooled pooled} text that follows its tokens as one more,
 *     0 for none; transformers keeps the setting without a meaning
 */
public record BertConfig(
        int vocabSize,
        int hiddenSize,
        int numHiddenLayers,
        int numAttentionHeads,
        int intermediateSize,
        int maxPositionEmbeddings,
        int typeVocabSize,
        double layerNormEps,
        boolean useAttentionMask,
        double pooledTokenScale) {
    public static final String POOLED_TOKEN_SCALE = "pooled_token_scale";

    public static BertConfig read(Path folder) throws IOException {
        return of(ModelSettings.read(folder));
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static BertConfig of(JsonNode json) {
        var settings = new ModelSettings("BertModel", json);
        settings.only("model_type", "bert");
        settings.only("hidden_act", "gelu");
        settings.only("position_embedding_type", "absolute");
        settings.ignore("architectures", "transformers_version", "torch_dtype", "dtype", "use_cache", "pad_token_id");
        settings.ignore("attention_probs_dropout_prob", "hidden_dropout_prob", "initializer_range"); // of training
        var config = new BertConfig(
                settings.number("vocab_size", 30522),
                settings.number("hidden_size", 768),
                settings.number("num_hidden_layers", 12),
                settings.number("num_attention_heads", 12),
                settings.number("intermediate_size", 3072),
                settings.number("max_position_embeddings", 512),
                settings.number("type_vocab_size", 2),
                settings.decimal("layer_norm_eps", 1e-12),
                settings.flag("use_attention_mask", false),
                settings.decimal(POOLED_TOKEN_SCALE, 0));
        settings.rejectUnknown();
        return config;
    }
}
