package io.ruido.pipeline.family;

import ai.djl.ndarray.NDArray;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.image.LatentPreview;
import java.util.List;

/**
 * No codec: the denoiser works on pixels.
 *
 * @param channels of the pixels, 1 for grey
 */
public record PixelCodec(int channels) implements Codec {
    @Override
    public int downscale() {
        return 1;
    }

    @Override
    public List<Frames> decode(NDArray latents) {
        return Frames.of(latents);
    }

    @Override
    public boolean encodes() {
        return false;
    }

    @Override
    public float[] encode(NDArray image, TorchRandom random) {
        throw new IllegalArgumentException("image: the model has no autoencoder");
    }

    @Override
    public LatentPreview preview() {
        return LatentPreview.ofPixels(channels);
    }
}
