package io.ruido.pipeline.wan;

import io.ruido.job.Geometry;
import io.ruido.model.Denoiser;
import io.ruido.model.Network;
import io.ruido.model.text.BertModel;
import io.ruido.model.text.ClipVisionModel;
import io.ruido.model.text.T5EncoderModel;
import io.ruido.model.wan.AutoencoderKLWan;
import io.ruido.model.wan.WanConfig;
import io.ruido.model.wan.WanDenoiser;
import io.ruido.model.wan.WanTransformer3DModel;
import io.ruido.pipeline.family.Codec;
import io.ruido.pipeline.family.ModelFamily;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.family.Parts;
import io.ruido.pipeline.text.Prompts;
import io.ruido.pipeline.text.TextEncoder;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Wan 2.1 and 2.2 (Wan Team, 2025, arXiv:2503.20314): clips from a text, or from a text and the first frame. Models that
 * Ruido trained have BERT's texts instead of UMT5's.
 */
public final class Wan implements ModelFamily {
    private static final String SECOND = "transformer_2";
    private static final String IMAGE_TO_VIDEO = "WanImageToVideoPipeline";
    private static final String IMAGE_ENCODER = "image_encoder";
    private static final String EACH_PATCH = "expand_timesteps";

    @Override
    public Set<String> classNames() {
        return Set.of("WanPipeline", IMAGE_TO_VIDEO);
    }

    @Override
    public Map<String, List<Network<?>>> parts() {
        return Map.of(
                "transformer", List.of(WanTransformer3DModel.NETWORK),
                "vae", List.of(AutoencoderKLWan.NETWORK),
                "text_encoder", List.of(T5EncoderModel.UMT5_NETWORK, BertModel.NETWORK));
    }

    @Override
    public Map<String, List<Network<?>>> optionalParts() {
        return Map.of(SECOND, List.of(WanTransformer3DModel.NETWORK), IMAGE_ENCODER, List.of(ClipVisionModel.NETWORK));
    }

    @Override
    public Defaults defaults() {
        return new Defaults(50, 5);
    }

    @Override
    public LearnedVariance learnedVariance() {
        return LearnedVariance.REFUSED;
    }

    @Override
    public Geometry geometry(Denoiser denoiser, Codec codec) {
        return new Geometry(832, 480, 81);
    }

    @Override
    public void check(ModelFolder folder) throws IOException {
        boolean two = folder.part(SECOND).isPresent();
        if (two != folder.index().path("boundary_ratio").asDouble(0) > 0) {
            throw new IllegalArgumentException("%s: boundary_ratio is %s; supported: a ratio with %s, else null"
                    .formatted(folder.path(), folder.index().path("boundary_ratio"), SECOND));
        }
        if (isConditionedOnImages(folder)) {
            if (firstFrame(folder) != Codec.FirstFrame.REQUIRED
                    || folder.part(IMAGE_ENCODER).isEmpty()) {
                throw new IllegalArgumentException(
                        "%s: image_dim of the transformer is a number; supported: null without %s and %s"
                                .formatted(folder.path(), IMAGE_TO_VIDEO, IMAGE_ENCODER));
            }
            ClipVisionEncoder.processor(folder);
        }
    }

    /** Whether the transformer is conditioned on an image's states. */
    private static boolean isConditionedOnImages(ModelFolder folder) throws IOException {
        return WanConfig.read(folder.folder("transformer")).imageDim().isPresent();
    }

    /** A model with a timestep for each patch can do without a first frame: all patches get the same one then. */
    private static Codec.FirstFrame firstFrame(ModelFolder folder) {
        if (folder.flag(EACH_PATCH)) {
            return Codec.FirstFrame.OPTIONAL;
        }
        return folder.className().equals(IMAGE_TO_VIDEO) ? Codec.FirstFrame.REQUIRED : Codec.FirstFrame.NONE;
    }

    /**
     * A model with a timestep for each patch ({@code expand_timesteps}) gets the same one for all, unless
     * its first frame is given: a clip that is made of a text has noise everywhere.
     */
    @Override
    public Denoiser denoiser(Parts parts) throws IOException {
        WanTransformer3DModel first = parts.read("transformer", WanTransformer3DModel.NETWORK);
        Optional<WanTransformer3DModel> second = parts.folder().part(SECOND).isPresent()
                ? Optional.of(parts.read(SECOND, WanTransformer3DModel.NETWORK))
                : Optional.empty();
        double ratio = parts.folder().index().path("boundary_ratio").asDouble(0);
        return new WanDenoiser(first, second, ratio * parts.folder().scheduler().trainSteps());
    }

    @Override
    public Codec codec(Parts parts, Denoiser denoiser) throws IOException {
        boolean eachPatch = parts.folder().flag(EACH_PATCH); // of the model with 5 billion weights
        return WanCodec.read(parts, eachPatch ? 24 : 16, firstFrame(parts.folder()));
    }

    @Override
    public Prompts prompts(Parts parts, Denoiser denoiser) throws IOException {
        if (parts.folder().part("text_encoder").orElseThrow().equals(BertModel.NETWORK.className())) {
            return TextEncoder.read(parts.folder().path(), parts.manager(), parts.type(), parts.weights());
        }
        return WanPrompts.read(parts.folder(), parts.manager(), parts.type(), isConditionedOnImages(parts.folder()));
    }
}
