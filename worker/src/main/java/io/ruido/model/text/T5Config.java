package io.ruido.model.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.ModelSettings;
import io.ruido.nn.Activation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/**
 * ModelSettings of {@link T5EncoderModel}, by the names and defaults of transformers' {@code config.json}.
 *
 * @param activation of the feed-forward networks
 * @param gated whether one of their two projections gates the other
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
        boolean gated) {

    public static T5Config read(Path folder) throws IOException {
        return of(ModelSettings.read(folder));
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static T5Config of(JsonNode json) {
        var settings = new ModelSettings("T5EncoderModel", json);
        settings.only("model_type", "t5");
        settings.ignore(
                "architectures", "transformers_version", "torch_dtype", "dtype", "use_cache", "is_encoder_decoder");
        settings.ignore("decoder_start_token_id", "eos_token_id", "pad_token_id", "bos_token_id", "output_past");
        settings.ignore("dropout_rate", "classifier_dropout", "initializer_factor", "task_specific_params");
        settings.ignore("num_decoder_layers", "n_positions", "tie_word_embeddings"); // of the decoder
        settings.ignore("dense_act_fn", "is_gated_act"); // what feed_forward_proj says
        String network = settings.text(
                "feed_forward_proj", Set.of("relu", "gelu", "silu", "gated-gelu", "gated-silu", "gated-relu"), "relu");
        boolean gated = network.startsWith("gated-");
        String activation = network.replace("gated-", "");
        var config = new T5Config(
                settings.number("vocab_size", 32128),
                settings.number("d_model", 512),
                settings.number("d_kv", 64),
                settings.number("d_ff", 2048),
                settings.number("num_layers", 6),
                settings.number("num_heads", 8),
                settings.number("relative_attention_num_buckets", 32),
                settings.number("relative_attention_max_distance", 128),
                settings.decimal("layer_norm_epsilon", 1e-6),
                network.equals("gated-gelu") ? Activation.GELU_TANH : Activation.of(activation),
                gated);
        settings.rejectUnknown();
        return config;
    }
}
