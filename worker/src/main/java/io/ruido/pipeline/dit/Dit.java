package io.ruido.pipeline.dit;

import io.ruido.model.Denoiser;
import io.ruido.model.Network;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.transformer.DiTConfig;
import io.ruido.model.transformer.DiTTransformer2DModel;
import io.ruido.pipeline.family.AutoencoderCodec;
import io.ruido.pipeline.family.Codec;
import io.ruido.pipeline.family.ModelFamily;
import io.ruido.pipeline.family.Parts;
import io.ruido.pipeline.text.Prompts;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** "Scalable Diffusion Models with Transformers" (Peebles and Xie, 2023). */
public final class Dit implements ModelFamily {
    @Override
    public Set<String> classNames() {
        return Set.of("DiTPipeline");
    }

    @Override
    public Map<String, List<Network<?>>> parts() {
        return Map.of("transformer", List.of(DiTTransformer2DModel.NETWORK), "vae", List.of(AutoencoderKL.NETWORK));
    }

    @Override
    public Defaults defaults() {
        return new Defaults(50, 4);
    }

    @Override
    public LearnedVariance learnedVariance() {
        return LearnedVariance.DROPPED;
    }

    @Override
    public Denoiser denoiser(Parts parts) throws IOException {
        return parts.read("transformer", DiTTransformer2DModel.NETWORK);
    }

    @Override
    public Codec codec(Parts parts, Denoiser denoiser) throws IOException {
        return AutoencoderCodec.read(parts);
    }

    @Override
    public Prompts prompts(Parts parts, Denoiser denoiser) throws IOException {
        DiTConfig config = DiTConfig.read(parts.folder().folder("transformer"));
        return new ClassPrompts(parts.folder(), config.numEmbedsAdaNorm());
    }
}
