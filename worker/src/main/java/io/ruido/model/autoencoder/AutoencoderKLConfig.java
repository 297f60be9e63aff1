package io.ruido.model.autoencoder;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.ModelSettings;
import io.ruido.nn.Activation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * Settings of {@link AutoencoderKL}, with the names and defaults of diffusers' {@code config.json}.
 *
 * @param blockOutChannels width of each level, from the image inwards; each level but the last halves the image
 * @param scalingFactor what an encoded mean is multiplied with to give latents of about unit variance
 */
public record AutoencoderKLConfig(
        int inChannels,
        int outChannels,
        List<Integer> blockOutChannels,
        int layersPerBlock,
        int latentChannels,
        int normNumGroups,
        int sampleSize,
        double scalingFactor,
        boolean useQuantConv,
        boolean usePostQuantConv,
        boolean midBlockAddAttention,
        Activation activation) {
    private static final String DOWN = "DownEncoderBlock2D";
    private static final String UP = "UpDecoderBlock2D";

    public static AutoencoderKLConfig read(Path folder) throws IOException {
        return of(ModelSettings.read(folder));
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static AutoencoderKLConfig of(JsonNode json) {
        var settings = new ModelSettings("AutoencoderKL", json);
        settings.ignore("force_upcast", "shift_factor"); // not read by the pipelines that Ruido runs
        List<Integer> widths = settings.numbers("block_out_channels", List.of(64));
        int levels = widths.size();
        settings.texts("down_block_types", levels, Set.of(DOWN), Collections.nCopies(levels, DOWN));
        settings.texts("up_block_types", levels, Set.of(UP), Collections.nCopies(levels, UP));
        var config = new AutoencoderKLConfig(
                settings.number("in_channels", 3),
                settings.number("out_channels", 3),
                widths,
                settings.number("layers_per_block", 1),
                settings.number("latent_channels", 4),
                settings.number("norm_num_groups", 32),
                settings.number("sample_size", 32),
                settings.decimal("scaling_factor", 0.18215),
                settings.flag("use_quant_conv", true),
                settings.flag("use_post_quant_conv", true),
                settings.flag("mid_block_add_attention", true),
                settings.activation("act_fn", "silu"));
        settings.rejectUnknown();
        return config;
    }

    /** How many pixels of the image one latent pixel stands for, along each side. */
    public int downscale() {
        return 1 << blockOutChannels.size() - 1;
    }
}
