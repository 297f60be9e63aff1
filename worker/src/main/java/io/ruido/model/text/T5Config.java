package io.ruido.model.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.ModelSettings;
import io.ruido.nn.Activation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/**
 * Settings of {@link T5EncoderModel}, by the names and defaults of transformers' {@code config.json}.
 *
 * @param activation activation of the feed-forward networks
 * @param gated whether one of their two projections gates the other
 * @param biasInEachLayer whether each layer has its own bias for distances, as in UMT5 (Chung et al., 2023), or all
 *     have that of the first
 */
public record T5Config(
        int vocabSize,
        int dModel,
        int dKv,
        int dFf,
        int numLayers,
        int numHeads,
        int relativeAttentionNumBuckets,
        int relativeAttentionMaxDistance,
        double layerNormEpsilon,
        Activation activation,
        boolean gated,
        boolean biasInEachLayer) {

    public static T5Config read(Path folder) throws IOException {
        return of(ModelSettings.read(folder));
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static T5Config of(JsonNode json) {
        var settings = new ModelSettings("T5EncoderModel", json);
        boolean multilingual =
                settings.text("model_type", Set.of("t5", "umt5"), "t5").equals("umt5");
        settings.ignore(
                "architectures", "transformers_version", "torch_dtype", "dtype", "use_cache", "is_encoder_decoder");
        settings.ignore("decoder_start_token_id", "eos_token_id", "pad_token_id", "bos_token_id", "output_past");
        settings.ignore("dropout_rate", "classifier_dropout", "initializer_factor", "task_specific_params");
        settings.ignore("num_decoder_layers", "n_positions", "tie_word_embeddings"); // of the decoder
        settings.ignore("dense_act_fn", "is_gated_act"); // what feed_forward_proj says
        settings.ignore("scalable_attention", "tokenizer_class"); // read by nobody
        String network = settings.text(
                "feed_forward_proj",
                Set.of("relu", "gelu", "silu", "gated-gelu", "gated-silu", "gated-relu"),
                multilingual ? "gated-gelu" : "relu");
        boolean gated = network.startsWith("gated-");
        String activation = network.replace("gated-", "");
        var config = new T5Config(
                settings.number("vocab_size", multilingual ? 250112 : 32128),
                settings.number("d_model", 512),
                settings.number("d_kv", 64),
                settings.number("d_ff", multilingual ? 1024 : 2048),
                settings.number("num_layers", multilingual ? 8 : 6),
                settings.number("num_heads", multilingual ? 6 : 8),
                settings.number("relative_attention_num_buckets", 32),
                settings.number("relative_attention_max_distance", 128),
                settings.decimal("layer_norm_epsilon", 1e-6),
                network.equals("gated-gelu") ? Activation.GELU_TANH : Activation.of(activation),
                gated,
                multilingual);
        settings.rejectUnknown();
        return config;
    }
}
