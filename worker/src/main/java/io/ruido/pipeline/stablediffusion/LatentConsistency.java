package io.ruido.pipeline.stablediffusion;

import io.ruido.model.Denoiser;
import io.ruido.model.Network;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.pipeline.family.AutoencoderCodec;
import io.ruido.pipeline.family.Codec;
import io.ruido.pipeline.family.ModelFamily;
import io.ruido.pipeline.family.Parts;
import io.ruido.pipeline.text.Prompts;
import io.ruido.pipeline.text.TextEncoder;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Latent consistency models (Luo et al., 2023): Stable Diffusion, distilled to a few steps. */
public final class LatentConsistency implements ModelFamily {
    @Override
    public Set<String> classNames() {
        return Set.of("LatentConsistencyModelPipeline", "LatentConsistencyModelImg2ImgPipeline");
    }

    @Override
    public Map<String, List<Network<?>>> parts() {
        return StableDiffusion.PARTS;
    }

    @Override
    public Defaults defaults() {
        return new Defaults(4, 8.5);
    }

    @Override
    public LearnedVariance learnedVariance() {
        return LearnedVariance.DROPPED;
    }

    @Override
    public Denoiser denoiser(Parts parts) throws IOException {
        return parts.read("unet", UNet2DConditionModel.NETWORK);
    }

    @Override
    public Codec codec(Parts parts, Denoiser denoiser) throws IOException {
        return AutoencoderCodec.read(parts);
    }

    @Override
    public Prompts prompts(Parts parts, Denoiser denoiser) throws IOException {
        return TextEncoder.read(parts.folder().path(), parts.manager(), parts.type(), parts.weights());
    }
}
