package io.ruido.train.adversarial;

import ai.djl.ndarray.NDArray;
import java.util.List;

/** The features of an image or of latents for a discriminator, at several resolutions. */
public interface FeatureMaps {
    /**
     * @param x (B, C, H, W)
     * @param timesteps (B), how noisy x is; empty where it is never noisy
     * @param states states of the captions (B, T, D); empty for a model without text
     * @return maps (B, C′, H′, W′), C′ as in {@link #widths()}
     */
    List<NDArray> of(NDArray x, NDArray timesteps, NDArray states);

    /** Channels of each map. */
    List<Integer> widths();
}
