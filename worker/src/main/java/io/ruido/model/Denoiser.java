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

    Config config();

    /** The settings that every denoiser has. */
    interface Config {
        int inChannels();

        int outChannels();

        /** Height and width of the latents that the model was trained with. */
        List<Integer> sides();

        /** Sides of the latents must be multiples of this. */
        int divisor();
    }

    /** Width of the embedded guidance that a distilled model takes; 0 for a model that is guided from outside. */
    default int guidanceWidth() {
        return 0;
    }

    /** Whether this timestep belongs to a second network for little noise, which can have a guidance of its own. */
    default boolean isLowNoise(float timestep) {
        return false;
    }

    /**
     * Whether results have no seams where its convolutions see the opposite border beyond a border. A network that knows the places
     * of its inputs cannot do that.
     */
    default boolean canTile() {
        return false;
    }

    /** What {@link Conditioning#sizes()} must have. */
    default Sizes sizeNumbers() {
        return Sizes.NONE;
    }

    /** Numbers about an image's size. */
    enum Sizes {
        NONE,
        /** Height and width of the training image, top and left of its cut, height and width that are wanted. */
        ORIGINAL_CROP_TARGET,
        /** Height, width, height by width. */
        SIDES_AND_RATIO
    }
}
