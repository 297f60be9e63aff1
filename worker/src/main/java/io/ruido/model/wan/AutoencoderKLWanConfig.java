package io.ruido.model.wan;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.ModelSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Settings of {@link AutoencoderKLWan}, by the names and defaults of diffusers' {@code config.json}.
 *
 * @param baseDim width of the encoder's first level
 * @param decoderBaseDim the same of the decoder
 * @param zDim channels of the latents
 * @param dimMult width of each level, as a multiple; each level but the last halves the sides of a frame
 * @param temporalDownsample whether each level but the last halves the number of frames, too
 * @param latentsMean mean of each channel of encoded clips
 * @param latentsStd standard deviation of each channel of encoded clips
 * @param residual whether levels have shortcuts (Wan 2.2)
 * @param patchSize side of blocks of pixels that are taken for channels
 */
public record AutoencoderKLWanConfig(
        int baseDim,
        int decoderBaseDim,
        int zDim,
        List<Integer> dimMult,
        int numResBlocks,
        List<Boolean> temporalDownsample,
        List<Double> latentsMean,
        List<Double> latentsStd,
        boolean residual,
        int inChannels,
        int outChannels,
        int patchSize) {
    private static final List<Double> MEAN = List.of(
            -0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508, 0.4134, -0.0715, 0.5517, -0.3632,
            -0.1922, -0.9497, 0.2503, -0.2921);
    private static final List<Double> STD = List.of(
            2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743, 3.2687, 2.1526, 2.8652, 1.5579, 1.6382,
            1.1253, 2.8251, 1.9160);

    public static AutoencoderKLWanConfig read(Path folder) throws IOException {
        return of(ModelSettings.read(folder));
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static AutoencoderKLWanConfig of(JsonNode json) {
        var settings = new ModelSettings("AutoencoderKLWan", json);
        settings.ignore("dropout", "clip_output"); // of training; the output is always clipped
        if (!settings.isEmpty("attn_scales")) {
            throw settings.unsupported("attn_scales", "an empty list");
        }
        List<Integer> dimMult = settings.numbers("dim_mult", List.of(1, 2, 4, 4));
        int baseDim = settings.number("base_dim", 96);
        var config = new AutoencoderKLWanConfig(
                baseDim,
                settings.number("decoder_base_dim", baseDim),
                settings.number("z_dim", 16),
                dimMult,
                settings.number("num_res_blocks", 2),
                temporalDownsample(settings, dimMult.size() - 1),
                settings.decimals("latents_mean", MEAN),
                settings.decimals("latents_std", STD),
                settings.flag("is_residual", false),
                settings.number("in_channels", 3),
                settings.number("out_channels", 3),
                settings.number("patch_size", 1));
        settings.only("scale_factor_temporal", config.frames());
        settings.only("scale_factor_spatial", config.downscale());
        for (String name : List.of("latents_mean", "latents_std")) {
            if ((name.endsWith("mean") ? config.latentsMean : config.latentsStd).size() != config.zDim) {
                throw settings.unsupported(name, config.zDim + " numbers, one for each channel of z_dim");
            }
        }
        settings.rejectUnknown();
        return config;
    }

    /** diffusers encodes 1, then 4 frames at a time, whatever the levels are: so two of them must halve the frames. */
    private static List<Boolean> temporalDownsample(ModelSettings settings, int levels) {
        List<Boolean> halves = new ArrayList<>(List.of(true, true));
        while (halves.size() < levels) {
            halves.addFirst(false);
        }
        List<Boolean> given =
                settings.absent("temperal_downsample") ? halves : settings.flags("temperal_downsample", levels, false);
        if (given.stream().filter(halving -> halving).count() != 2) {
            throw settings.unsupported("temperal_downsample", "true for two levels");
        }
        return List.copyOf(given);
    }

    /** Frames of the clip for each of the latents' but the first. */
    public int frames() {
        return 4;
    }

    /** Pixels of a frame for one of the latents, along each side. */
    public int downscale() {
        return patchSize << dimMult.size() - 1;
    }
}
