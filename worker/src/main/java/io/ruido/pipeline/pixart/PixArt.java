package io.ruido.pipeline.pixart;

import io.ruido.model.Denoiser;
import io.ruido.model.Network;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.text.BertModel;
import io.ruido.model.text.T5EncoderModel;
import io.ruido.model.transformer.PixArtTransformer2DModel;
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

/**
 * PixArt-α (Chen et al., 2023) and PixArt-Σ (Chen et al., 2024), which takes longer texts. Models that Ruido trained
 * have BERT's texts instead of T5's.
 */
public final class PixArt implements ModelFamily {
    public static final PixArt ALPHA = new PixArt("PixArtAlphaPipeline", 120);
    public static final PixArt SIGMA = new PixArt("PixArtSigmaPipeline", 300);

    private final String className;
    private final int tokens;

    private PixArt(String className, int tokens) {
        this.className = className;
        this.tokens = tokens;
    }

    @Override
    public Set<String> classNames() {
        return Set.of(className);
    }

    @Override
    public Map<String, List<Network<?>>> parts() {
        return Map.of(
                "transformer", List.of(PixArtTransformer2DModel.NETWORK),
                "vae", List.of(AutoencoderKL.NETWORK),
                "text_encoder", List.of(T5EncoderModel.NETWORK, BertModel.NETWORK));
    }

    @Override
    public Defaults defaults() {
        return new Defaults(20, 4.5);
    }

    @Override
    public LearnedVariance learnedVariance() {
        return LearnedVariance.DROPPED;
    }

    @Override
    public Denoiser denoiser(Parts parts) throws IOException {
        return parts.read("transformer", PixArtTransformer2DModel.NETWORK);
    }

    @Override
    public Codec codec(Parts parts, Denoiser denoiser) throws IOException {
        return AutoencoderCodec.read(parts);
    }

    @Override
    public Prompts prompts(Parts parts, Denoiser denoiser) throws IOException {
        if (parts.folder().part("text_encoder").orElseThrow().equals(BertModel.NETWORK.className())) {
            return TextEncoder.read(parts.folder().path(), parts.manager(), parts.type(), parts.weights());
        }
        return PixArtPrompts.read(parts.folder(), tokens, parts.manager(), parts.type());
    }
}
