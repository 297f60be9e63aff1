package io.ruido.model;

import ai.djl.ndarray.NDArray;
import java.util.List;

/** Predicts the noise in latents, or what else it was trained to predict. */
public interface Denoiser {
    /**
     * @param latents (B, C, H, W)
     * @param timesteps (B) of type float32, one for each sample
     * @return (B, C', H, W)
     */
    NDArray forward(NDArray latents, NDArray timesteps, Conditioning conditioning);

    int inChannels();

    int outChannels();

    /** Height and width of the latents that the model was trained with. */
    List<Integer> sampleSize();

    /** Sides of the latents must be multiples of this. */
    int divisor();
}
