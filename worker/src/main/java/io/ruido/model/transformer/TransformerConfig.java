package io.ruido.model.transformer;

import io.ruido.model.Denoiser;
import java.util.List;

/** What the settings of transformers over patches of square latents have in common. */
interface TransformerConfig extends Denoiser.Config {
    int numAttentionHeads();

    int attentionHeadDim();

    /** Side of the latents that the model was trained with. */
    int sampleSize();

    int patchSize();

    /** D. */
    default int width() {
        return numAttentionHeads() * attentionHeadDim();
    }

    @Override
    default List<Integer> sides() {
        return List.of(sampleSize(), sampleSize());
    }

    @Override
    default int divisor() {
        return patchSize();
    }
}
