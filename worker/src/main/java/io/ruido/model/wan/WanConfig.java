package io.ruido.model.wan;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.Denoiser;
import io.ruido.model.ModelSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * Settings of {@link WanTransformer3DModel}, by the names and defaults of diffusers' {@code config.json}.
 *
 * @param patchSize frames, height and width of a patch
 * @param textDim width of a text's states
 * @param freqDim sinusoids of the timestep
 * @param ffnDim inner width of the feed-forward networks
 * @param imageDim width of an image's states, for a model that is conditioned on them
 * @param addedKvProjDim the same once they are embedded: D
 * @param ropeMaxSeqLen greatest number of patches along each axis
 * @param posEmbedSeqLen number of states of two images, which have a learned position then
 */
public record WanConfig(
        List<Integer> patchSize,
        int numAttentionHeads,
        int attentionHeadDim,
        int inChannels,
        int outChannels,
        int textDim,
        int freqDim,
        int ffnDim,
        int numLayers,
        boolean crossAttnNorm,
        double eps,
        OptionalInt imageDim,
        OptionalInt addedKvProjDim,
        int ropeMaxSeqLen,
        OptionalInt posEmbedSeqLen)
        implements Denoiser.Config {
    /** Those that diffusers' pipeline makes by default: 480 and 832 pixels. */
    private static final List<Integer> SIDES = List.of(60, 104);

    public static WanConfig read(Path folder) throws IOException {
        return of(ModelSettings.read(folder));
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static WanConfig of(JsonNode json) {
        var settings = new ModelSettings("WanTransformer3DModel", json);
        settings.only("qk_norm", "rms_norm_across_heads");
        settings.ignore("image_size", "window_size", "add_img_emb"); // read by nobody
        int channels = settings.number("in_channels", 16);
        List<Integer> patch = settings.numbers("patch_size", List.of(1, 2, 2));
        if (patch.size() != 3) {
            throw settings.unsupported("patch_size", "3 numbers");
        }
        var config = new WanConfig(
                patch,
                settings.number("num_attention_heads", 40),
                settings.number("attention_head_dim", 128),
                channels,
                settings.isNull("out_channels") ? channels : settings.number("out_channels", 16),
                settings.number("text_dim", 4096),
                settings.number("freq_dim", 256),
                settings.number("ffn_dim", 13824),
                settings.number("num_layers", 40),
                settings.flag("cross_attn_norm", true),
                settings.decimal("eps", 1e-6),
                settings.optionalNumber("image_dim"),
                settings.optionalNumber("added_kv_proj_dim"),
                settings.number("rope_max_seq_len", 1024),
                settings.optionalNumber("pos_embed_seq_len"));
        if (config.imageDim.isPresent() != config.addedKvProjDim.isPresent()) {
            throw settings.unsupported("added_kv_proj_dim", "a number where image_dim is one, else null");
        }
        settings.rejectUnknown();
        return config;
    }

    @Override
    public List<Integer> sides() {
        return SIDES;
    }

    @Override
    public int divisor() {
        return patchSize.getLast();
    }

    /** D */
    int width() {
        return numAttentionHeads * attentionHeadDim;
    }
}
