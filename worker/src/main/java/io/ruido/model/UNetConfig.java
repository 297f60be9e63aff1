package io.ruido.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Settings of {@link UNet2DConditionModel}, with the names and defaults of diffusers' {@code config.json}. Lists have one
 * entry for each level, from the latents inwards.
 *
 * @param blockOutChannels width of each level; each level but the last halves the latents
 * @param attentionHeadDim number of attention heads at each level: diffusers keeps it under this misleading name
 */
public record UNetConfig(
        int sampleSize,
        int inChannels,
        int outChannels,
        List<Integer> blockOutChannels,
        List<String> downBlockTypes,
        String midBlockType,
        List<String> upBlockTypes,
        List<Integer> layersPerBlock,
        int crossAttentionDim,
        List<Integer> attentionHeadDim,
        List<Integer> transformerLayersPerBlock,
        int normNumGroups,
        double normEps,
        boolean flipSinToCos,
        double freqShift,
        boolean useLinearProjection) {
    private static final List<Integer> WIDTHS = List.of(320, 640, 1280, 1280);

    public static UNetConfig read(Path folder) throws IOException {
        return of(Settings.read(folder));
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static UNetConfig of(JsonNode json) {
        var settings = new Settings("UNet2DConditionModel", json);
        settings.only("act_fn", "silu");
        settings.only("downsample_padding", 1);
        settings.only("mid_block_scale_factor", 1);
        settings.only("dropout", 0);
        settings.only("resnet_time_scale_shift", "default");
        settings.only("resnet_out_scale_factor", 1);
        settings.only("time_embedding_type", "positional");
        settings.only("conv_in_kernel", 3);
        settings.only("conv_out_kernel", 3);
        settings.only("attention_type", "default");
        settings.ignore("addition_embed_type_num_heads"); // without meaning while addition_embed_type is null
        List<Integer> widths = settings.numbers("block_out_channels", WIDTHS);
        int levels = widths.size();
        var config = new UNetConfig(
                settings.number("sample_size", 64),
                settings.number("in_channels", 4),
                settings.number("out_channels", 4),
                widths,
                settings.texts(
                        "down_block_types",
                        levels,
                        Set.of("DownBlock2D", "CrossAttnDownBlock2D"),
                        "CrossAttnDownBlock2D"),
                settings.text(
                        "mid_block_type",
                        Set.of("UNetMidBlock2D", "UNetMidBlock2DCrossAttn"),
                        "UNetMidBlock2DCrossAttn"),
                settings.texts(
                        "up_block_types", levels, Set.of("UpBlock2D", "CrossAttnUpBlock2D"), "CrossAttnUpBlock2D"),
                settings.numbers("layers_per_block", levels, 2),
                settings.number("cross_attention_dim", 1280),
                settings.numbers("attention_head_dim", levels, 8),
                settings.numbers("transformer_layers_per_block", levels, 1),
                settings.number("norm_num_groups", 32),
                settings.decimal("norm_eps", 1e-5),
                settings.flag("flip_sin_to_cos", true),
                settings.decimal("freq_shift", 0),
                settings.flag("use_linear_projection", false));
        settings.rejectUnknown();
        return config;
    }

    /** Sides of the latents must be multiples of this. */
    public int divisor() {
        return 1 << blockOutChannels.size() - 1;
    }
}
