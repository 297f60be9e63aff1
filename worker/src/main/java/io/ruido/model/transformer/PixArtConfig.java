package io.ruido.model.transformer;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.ModelSettings;
import io.ruido.nn.attention.FeedForward;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * Settings of {@link PixArtTransformer2DModel}, by the names and defaults of diffusers' {@code config.json}.
 *
 * @param sampleSize side of the latents that it was trained with
 * @param interpolationScale divisor of places
 * @param useAdditionalConditions whether it is conditioned on the image's size and aspect ratio
 * @param captionChannels width of texts that are projected to the tokens' width
 */
public record PixArtConfig(
        int numAttentionHeads,
        int attentionHeadDim,
        int inChannels,
        int outChannels,
        int numLayers,
        int crossAttentionDim,
        boolean attentionBias,
        int sampleSize,
        int patchSize,
        String activationFn,
        boolean normElementwiseAffine,
        double normEps,
        double interpolationScale,
        boolean useAdditionalConditions,
        OptionalInt captionChannels)
        implements TransformerConfig {
    /** Side of the latents of the model that is conditioned on sizes. */
    private static final int LARGE = 128;

    public static PixArtConfig read(Path folder) throws IOException {
        return of(ModelSettings.read(folder));
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static PixArtConfig of(JsonNode json) {
        var settings = new ModelSettings("PixArtTransformer2DModel", json);
        settings.only("norm_type", "ada_norm_single");
        settings.only("attention_type", "default");
        // Of training, or without meaning here.
        settings.ignore("dropout", "upcast_attention", "norm_num_groups", "num_embeds_ada_norm");
        settings.ignore("use_linear_projection", "num_vector_embeds");
        int channels = settings.number("in_channels", 4);
        int sampleSize = settings.number("sample_size", LARGE);
        var config = new PixArtConfig(
                settings.number("num_attention_heads", 16),
                settings.number("attention_head_dim", 72),
                channels,
                settings.isNull("out_channels") ? channels : settings.number("out_channels", 8),
                settings.number("num_layers", 28),
                settings.number("cross_attention_dim", 1152),
                settings.flag("attention_bias", true),
                sampleSize,
                settings.number("patch_size", 2),
                settings.text("activation_fn", FeedForward.KINDS, "gelu-approximate"),
                settings.flag("norm_elementwise_affine", false),
                settings.decimal("norm_eps", 1e-6),
                settings.decimal("interpolation_scale", Math.max(sampleSize / 64, 1)),
                settings.flag("use_additional_conditions", sampleSize == LARGE),
                settings.optionalNumber("caption_channels"));
        settings.rejectUnknown();
        return config;
    }
}
