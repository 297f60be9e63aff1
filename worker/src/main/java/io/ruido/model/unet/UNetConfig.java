package io.ruido.model.unet;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.Denoiser;
import io.ruido.model.ModelSettings;
import io.ruido.nn.Activation;
import io.ruido.nn.ResnetBlock;
import io.ruido.nn.attention.Transformer2D;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Settings of {@link UNet2DConditionModel}, by the names and defaults of diffusers' {@code config.json}.
 *
 * @param sides height and width of the latents that it was trained with
 * @param centerInput whether latents in 0…1 are moved to −1…1
 * @param encoderHidDim width of texts that are projected to the width of the cross-attention
 * @param additionTimeEmbedDim numbers that stand for each of an image's sizes, joined with the pooled text
 * @param classesBeside whether the class's embedding comes beside the timestep's, instead of being added
 */
public record UNetConfig(
        List<Integer> sides,
        int inChannels,
        int outChannels,
        boolean centerInput,
        Time time,
        Optional<ClassEmbedding.Config> classes,
        boolean classesBeside,
        OptionalInt additionTimeEmbedDim,
        int additionWidth,
        OptionalInt encoderHidDim,
        int crossAttentionDim,
        int convInKernel,
        int convOutKernel,
        Activation activation,
        UNetBodyConfig body)
        implements Denoiser.Config {
    private static final Pattern EARLY = Pattern.compile("0\\.(\\d+)\\..*");
    private static final int DEFAULT_SAMPLE_SIZE = 64;

    /**
     * The timestep's embedding.
     *
     * @param fourier whether of random frequencies instead of fixed ones
     * @param sinusoids how many numbers they give
     * @param cosFirst whether cosines come before sines
     * @param condition width of a further condition, as of guidance in a distilled model
     * @param last non-linearity of the timestep's embedding
     * @param outer non-linearity of all embeddings together
     */
    record Time(
            boolean fourier,
            int sinusoids,
            boolean cosFirst,
            double shift,
            int width,
            OptionalInt condition,
            Optional<Activation> last,
            Optional<Activation> outer) {}

    private static final List<Integer> WIDTHS = List.of(320, 640, 1280, 1280);
    private static final List<String> DOWN_TYPES =
            List.of("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D");
    private static final List<String> UP_TYPES =
            List.of("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D");
    private static final Set<String> DOWN =
            Set.of("DownBlock2D", "CrossAttnDownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D");
    private static final Set<String> UP =
            Set.of("UpBlock2D", "CrossAttnUpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D");
    private static final String CROSS_MID = "UNetMidBlock2DCrossAttn";

    public static UNetConfig read(Path folder) throws IOException {
        return of(ModelSettings.read(folder));
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static UNetConfig of(JsonNode json) {
        var settings = new ModelSettings("UNet2DConditionModel", json);
        settings.only("attention_type", "default");
        settings.only("encoder_hid_dim_type", "text_proj");
        settings.only("addition_embed_type", "text_time");
        // Of blocks that are refused by name, of training, and without meaning where attention is computed in one call.
        settings.ignore("addition_embed_type_num_heads", "cross_attention_norm", "mid_block_only_cross_attention");
        settings.ignore("dropout", "upcast_attention");
        List<Integer> widths = settings.numbers("block_out_channels", WIDTHS);
        Activation activation = settings.activation("act_fn", "silu");
        Time time = time(settings, widths.getFirst());
        boolean beside = settings.flag("class_embeddings_concat", false);
        List<Integer> contextWidths = settings.numbers("cross_attention_dim", widths.size(), 1280);
        var style = new ResnetBlock.Style(
                beside ? 2L * time.width : time.width,
                settings.number("norm_num_groups", 32),
                settings.decimal("norm_eps", 1e-5),
                activation,
                settings.text("resnet_time_scale_shift", Set.of("default", "scale_shift"), "default")
                        .equals("scale_shift"),
                false,
                1);
        var config = new UNetConfig(
                sampleSize(settings, json),
                settings.number("in_channels", 4),
                settings.number("out_channels", 4),
                settings.flag("center_input_sample", false),
                time,
                ClassEmbedding.Config.of(settings, Set.of("timestep", "identity", "projection", "simple_projection")),
                beside,
                settings.absent("addition_embed_type")
                        ? OptionalInt.empty()
                        : OptionalInt.of(settings.number("addition_time_embed_dim", 256)),
                settings.number("projection_class_embeddings_input_dim", 0),
                settings.optionalNumber("encoder_hid_dim"),
                contextWidths.getFirst(),
                settings.number("conv_in_kernel", 3),
                settings.number("conv_out_kernel", 3),
                activation,
                body(settings, widths, contextWidths, style));
        settings.ignore("addition_time_embed_dim"); // without addition_embed_type it means nothing
        settings.rejectUnknown();
        return config;
    }

    /** Pipelines of diffusers take smaller sizes for mistakes, where they were written before version 0.9. */
    private static List<Integer> sampleSize(ModelSettings settings, JsonNode json) {
        List<Integer> sides = settings.size("sample_size", DEFAULT_SAMPLE_SIZE);
        Matcher version = EARLY.matcher(json.path("_diffusers_version").asText());
        boolean mistaken =
                version.matches() && Integer.parseInt(version.group(1)) < 9 && sides.getFirst() < DEFAULT_SAMPLE_SIZE;
        return mistaken ? List.of(DEFAULT_SAMPLE_SIZE, DEFAULT_SAMPLE_SIZE) : sides;
    }

    private static Time time(ModelSettings settings, int firstWidth) {
        boolean fourier = settings.text("time_embedding_type", Set.of("positional", "fourier"), "positional")
                .equals("fourier");
        int width = settings.number("time_embedding_dim", fourier ? 2 * firstWidth : 4 * firstWidth);
        return new Time(
                fourier,
                fourier ? width : firstWidth,
                settings.flag("flip_sin_to_cos", true),
                settings.decimal("freq_shift", 0),
                width,
                settings.optionalNumber("time_cond_proj_dim"),
                settings.optionalActivation("timestep_post_act"),
                settings.optionalActivation("time_embedding_act_fn"));
    }

    private static UNetBodyConfig body(
            ModelSettings settings, List<Integer> widths, List<Integer> contextWidths, ResnetBlock.Style style) {
        int levels = widths.size();
        List<Integer> layers = settings.numbers("layers_per_block", levels, 2);
        List<Integer> heads = settings.numbers("attention_head_dim", levels, 8); // the number of heads, and for
        // attention among pixels their width: diffusers keeps both under this name
        List<Boolean> onlyCross = settings.flags("only_cross_attention", levels, false);
        boolean linear = settings.flag("use_linear_projection", false);
        List<Transformer2D.Style> styles = new ArrayList<>();
        for (int i = 0; i < levels; i++) {
            styles.add(new Transformer2D.Style(
                    contextWidths.get(i), heads.get(i), style.groups(), linear, onlyCross.get(i)));
        }
        Optional<String> mid = settings.optionalText("mid_block_type", Set.of("UNetMidBlock2D", CROSS_MID), CROSS_MID);
        double midDivisor = settings.decimal("mid_block_scale_factor", 1);
        List<Integer> upLayers =
                layers.reversed().stream().map(count -> count + 1).toList();
        List<List<Integer>> down = settings.counts("transformer_layers_per_block", layers, 1);
        List<List<Integer>> up = settings.absent("reverse_transformer_layers_per_block")
                ? settings.counts("transformer_layers_per_block", upLayers.reversed(), 1)
                        .reversed()
                : settings.counts("reverse_transformer_layers_per_block", upLayers, 1);
        return new UNetBodyConfig(
                widths,
                settings.texts("down_block_types", levels, DOWN, DOWN_TYPES),
                mid.map(type -> type.equals(CROSS_MID)
                        ? new UNetBodyConfig.Mid(UNetBodyConfig.Mid.Kind.CROSS, 1, midDivisor, OptionalInt.empty())
                        : new UNetBodyConfig.Mid(UNetBodyConfig.Mid.Kind.PLAIN, 0, midDivisor, OptionalInt.empty())),
                settings.texts("up_block_types", levels, UP, UP_TYPES),
                layers,
                style,
                new ResnetBlock.Style(
                        style.timeWidth(),
                        style.groups(),
                        style.eps(),
                        style.activation(),
                        style.scaleShift(),
                        settings.flag("resnet_skip_time_act", false),
                        settings.decimal("resnet_out_scale_factor", 1)),
                settings.choice("downsample_padding", List.of(0, 1), 1) == 0,
                false,
                false,
                heads,
                heads, // not reversed: so it is in diffusers
                Optional.of(new UNetBodyConfig.Cross(
                        styles,
                        down,
                        styles.getLast().withBothAttentions(),
                        down.getLast().getFirst(),
                        up)));
    }

    @Override
    public int divisor() {
        boolean odd = Stream.concat(body.downTypes().stream(), body.upTypes().stream())
                .noneMatch(type -> type.startsWith("Attn") || type.startsWith("Resnet"));
        return odd ? 1 : 1 << body.widths().size() - 1;
    }
}
