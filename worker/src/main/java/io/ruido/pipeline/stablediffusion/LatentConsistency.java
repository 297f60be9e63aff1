package io.ruido.pipeline.stablediffusion;

import io.ruido.model.Network;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Latent consistency models (Luo et al., 2023): Stable Diffusion, distilled to a few steps. */
public final class LatentConsistency extends LatentDiffusion {
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
}
