package io.ruido.model.unet;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.Denoiser;
import io.ruido.model.ModelSettings;
import io.ruido.nn.ResnetBlock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Settings of {@link UNet2DModel}, by the names and defaults of diffusers' {@code config.json}.
 *
 * @param sides height and width of the images that it was trained with
 * @param centerInput whether images in 0…1 are moved to −1…1
 * @param timestepTable number of timesteps, for a table of embeddings; 0 for sinusoids
 * @param fourier whether the timestep becomes sinusoids of random frequencies, and divides the result
 * @param cosFirst whether cosines come before sines
 */
public record UNet2DConfig(
        List<Integer> sides,
        int inChannels,
        int outChannels,
        boolean centerInput,
        int timestepTable,
        boolean fourier,
        boolean cosFirst,
        double freqShift,
        int timeWidth,
        Optional<ClassEmbedding.Config> classes,
        UNetBodyConfig body)
        implements Denoiser.Config {
    private static final List<String> DOWN_TYPES =
            List.of("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D");
    private static final List<String> UP_TYPES =
            List.of("AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D");
    private static final Set<String> DOWN = Set.of("DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D");
    private static final Set<String> UP = Set.of("UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D");

    public static UNet2DConfig read(Path folder) throws IOException {
        return of(ModelSettings.read(folder));
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static UNet2DConfig of(JsonNode json) {
        var settings = new ModelSettings("UNet2DModel", json);
        settings.ignore("dropout"); // of training
        List<Integer> widths = settings.numbers("block_out_channels", List.of(224, 448, 672, 896));
        String time = settings.text("time_embedding_type", Set.of("positional", "fourier", "learned"), "positional");
        int timeWidth = settings.number("time_embedding_dim", 4 * widths.getFirst());
        int table = settings.number("num_train_timesteps", 0);
        var config = new UNet2DConfig(
                settings.size("sample_size", 0),
                settings.number("in_channels", 3),
                settings.number("out_channels", 3),
                settings.flag("center_input_sample", false),
                time.equals("learned") ? table : 0,
                time.equals("fourier"),
                settings.flag("flip_sin_to_cos", true),
                settings.decimal("freq_shift", 0),
                timeWidth,
                ClassEmbedding.Config.of(settings, Set.of("timestep", "identity")),
                body(settings, widths, timeWidth));
        settings.rejectUnknown();
        return config;
    }

    private static UNetBodyConfig body(ModelSettings settings, List<Integer> widths, int timeWidth) {
        int levels = widths.size();
        int groups = settings.number("norm_num_groups", 32);
        boolean scaleShift = settings.text("resnet_time_scale_shift", Set.of("default", "scale_shift"), "default")
                .equals("scale_shift");
        var style = new ResnetBlock.Style(
                timeWidth,
                groups,
                settings.decimal("norm_eps", 1e-5),
                settings.activation("act_fn", "silu"),
                scaleShift,
                false,
                1);
        Set<String> resampling = Set.of("conv", "resnet");
        boolean resnetDown =
                settings.text("downsample_type", resampling, "conv").equals("resnet");
        boolean resnetUp = settings.text("upsample_type", resampling, "conv").equals("resnet");
        List<Integer> headDims = new ArrayList<>(
                settings.isNull("attention_head_dim")
                        ? widths
                        : Collections.nCopies(levels, settings.number("attention_head_dim", 8)));
        OptionalInt given = settings.optionalNumber("attn_norm_num_groups");
        OptionalInt attentionGroups = given.isPresent() || scaleShift ? given : OptionalInt.of(groups);
        boolean attention = settings.flag("add_attention", true);
        double midDivisor = settings.decimal("mid_block_scale_factor", 1);
        return new UNetBodyConfig(
                widths,
                settings.texts("down_block_types", levels, DOWN, DOWN_TYPES),
                settings.optionalText("mid_block_type", Set.of("UNetMidBlock2D"), "UNetMidBlock2D")
                        .map(type -> attention
                                ? new UNetBodyConfig.Mid(UNetBodyConfig.Mid.Kind.PIXELS, 1, midDivisor, attentionGroups)
                                : new UNetBodyConfig.Mid(
                                        UNetBodyConfig.Mid.Kind.PLAIN, 1, midDivisor, OptionalInt.empty())),
                settings.texts("up_block_types", levels, UP, UP_TYPES),
                settings.numbers("layers_per_block", levels, 2),
                style,
                style,
                settings.choice("downsample_padding", List.of(0, 1), 1) == 0,
                resnetDown,
                resnetUp,
                headDims,
                headDims.reversed(),
                Optional.empty());
    }

    @Override
    public int divisor() {
        return 1 << body.widths().size() - 1;
    }
}
