package io.ruido.model.autoencoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import io.ruido.adapter.Adapters;

/**
 * Between images and latents.
 *
 * <p>B batch, C channels, H and W sides of the image, L latent channels, f downscale, h = H/f, w = W/f.
 */
public interface Autoencoder {
    /** Side of the largest square latents that are decoded at once: 1536 pixels for Stable Diffusion. */
    int WHOLE = 192;

    /** A normal distribution over latents; both of shape (B, L, h, w). */
    record Posterior(NDArray mean, NDArray logvar) {}

    AutoencoderKLConfig config();

    /** Returns means and logarithms of variances (B, 2L, h, w) of the latents of images (B, C, H, W). */
    NDArray moments(NDArray images);

    /** Decodes latents (B, L, h, w) at once: (B, C, H, W). */
    NDArray decodeWhole(NDArray latents);

    /**
     * Encodes images.
     *
     * @param images (B, C, H, W) in −1…1, sides divisible by the downscale
     */
    default Posterior encode(NDArray images) {
        NDList halves = moments(images).split(2, 1);
        return new Posterior(halves.get(0), halves.get(1).clip(-30, 20));
    }

    /**
     * Decodes latents as the encoder gives them, that is, divided by the scaling factor. Very large ones are decoded in
     * tiles.
     *
     * @param latents (B, L, h, w)
     * @return (B, C, H, W), about −1…1
     */
    default NDArray decode(NDArray latents) {
        Shape shape = latents.getShape();
        return shape.get(2) * shape.get(3) > (long) WHOLE * WHOLE ? decodeTiled(latents) : decodeWhole(latents);
    }

    /** Decodes in overlapping tiles of the size that the autoencoder was trained with. */
    default NDArray decodeTiled(NDArray latents) {
        int pixels = config().sampleSize();
        int side = pixels / config().downscale();
        return Adapters.seamless()
                ? Tiles.decodeSeamless(latents, side, pixels, tile -> Adapters.withSeams(() -> decodeWhole(tile)))
                : Tiles.decode(latents, side, pixels, this::decodeWhole);
    }
}
