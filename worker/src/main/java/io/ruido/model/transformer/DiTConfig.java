package io.ruido.model.transformer;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.ModelSettings;
import io.ruido.nn.attention.FeedForward;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Settings of {@link DiTTransformer2DModel}, by the names and defaults of diffusers' {@code config.json}.
 *
 * @param sampleSize side of the latents that it was trained with
 * @param numEmbedsAdaNorm number of classes
 */
public record DiTConfig(
        int numAttentionHeads,
        int attentionHeadDim,
        int inChannels,
        int outChannels,
        int numLayers,
        boolean attentionBias,
        int sampleSize,
        int patchSize,
        String activationFn,
        int numEmbedsAdaNorm,
        boolean normElementwiseAffine,
        double normEps)
        implements TransformerConfig {

    public static DiTConfig read(Path folder) throws IOException {
        return of(ModelSettings.read(folder));
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static DiTConfig of(JsonNode json) {
        var settings = new ModelSettings("DiTTransformer2DModel", json);
        settings.only("norm_type", "ada_norm_zero");
        settings.ignore("dropout", "upcast_attention", "norm_num_groups"); // of training, or without meaning
        int channels = settings.number("in_channels", 4);
        var config = new DiTConfig(
                settings.number("num_attention_heads", 16),
                settings.number("attention_head_dim", 72),
                channels,
                settings.number("out_channels", channels),
                settings.number("num_layers", 28),
                settings.flag("attention_bias", true),
                settings.number("sample_size", 32),
                settings.number("patch_size", 2),
                settings.text("activation_fn", FeedForward.KINDS, "gelu-approximate"),
                settings.number("num_embeds_ada_norm", 1000),
                settings.flag("norm_elementwise_affine", false),
                settings.decimal("norm_eps", 1e-5));
        settings.rejectUnknown();
        return config;
    }
}
