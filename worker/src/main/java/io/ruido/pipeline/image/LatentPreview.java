package io.ruido.pipeline.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.autoencoder.Autoencoder;
import io.ruido.tensor.Ops;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * A linear map from latents to colours for previews. It is the least-squares fit between synthetic images, shrunk to
 * the latents' size, and their latents. It is applied in plain floats, which takes a tenth of the time of calls to
 * torch.
 *
 * @param matrix (L+1, 3), the last row is the constant
 */
public record LatentPreview(float[] matrix) {
    private static final int COLOURS = 3;

    private static final int IMAGES = 8;
    private static final int LATENT_SIDE = 8;
    private static final int BLOBS = 6;

    /**
     * Fits a preview to an autoencoder of images.
     *
     * @param type type of the autoencoder's weights
     */
    public static LatentPreview fit(Autoencoder vae, NDManager manager, DataType type) {
        return fit(
                images -> Ops.cast(vae.encode(Ops.cast(images, type)).mean(), DataType.FLOAT32)
                        .mul(vae.config().scalingFactor()),
                vae.config().downscale(),
                manager);
    }

    /**
     * Fits a preview to any autoencoder.
     *
     * @param encode converts images (P, 3, H, W) in −1…1 to latents (P, L, h, w), as the denoiser gets them
     * @param downscale number of pixels along each side per place of the latents
     */
    public static LatentPreview fit(UnaryOperator<NDArray> encode, int downscale, NDManager manager) {
        try (NDManager scratch = manager.newSubManager()) {
            int side = LATENT_SIDE * downscale;
            NDArray images = scratch.create(blobs(side), new Shape(IMAGES, 3, side, side));
            NDArray latents = encode.apply(images);
            NDArray small = images.reshape(IMAGES, 3, LATENT_SIDE, downscale, LATENT_SIDE, downscale)
                    .mean(new int[] {5})
                    .mean(new int[] {3}); // (P, 3, h, w)
            NDArray x = withConstant(latents); // (P·h·w, L+1)
            NDArray y = small.transpose(0, 2, 3, 1).reshape(-1, 3);
            NDArray ridge = scratch.eye((int) x.getShape().get(1)).mul(1e-3);
            NDArray normal = x.transpose().matMul(x).add(ridge);
            return new LatentPreview(
                    normal.inverse().matMul(x.transpose()).matMul(y).toFloatArray());
        }
    }

    /** Returns the preview of a model that denoises pixels, in grey or in colours. */
    public static LatentPreview ofPixels(int channels) {
        float[] matrix = new float[(channels + 1) * COLOURS];
        for (int colour = 0; colour < COLOURS; colour++) {
            matrix[Math.min(colour, channels - 1) * COLOURS + colour] = 1;
        }
        return new LatentPreview(matrix);
    }

    /**
     * Returns the preview with one pixel per place of the latents: one image, or a frame for each of a clip's latent
     * frames.
     *
     * @param latents values of the shape (1, L, h, w) or (1, L, f, h, w)
     */
    public Frames frames(float[] latents, Shape shape) {
        int count = shape.dimension() == 5 ? (int) shape.get(2) : 1;
        return new Frames(IntStream.range(0, count)
                .mapToObj(frame -> image(latents, shape, frame))
                .toList());
    }

    private RgbImage image(float[] latents, Shape shape, int frame) {
        int width = (int) shape.get(shape.dimension() - 1);
        int height = (int) shape.get(shape.dimension() - 2);
        int channels = (int) shape.get(1);
        int each = latents.length / channels;
        byte[] rgb = new byte[COLOURS * width * height];
        int first = frame * width * height;
        for (int i = 0; i < rgb.length; i++) {
            float value = matrix[channels * COLOURS + i % COLOURS];
            for (int channel = 0; channel < channels; channel++) {
                value += matrix[channel * COLOURS + i % COLOURS] * latents[channel * each + first + i / COLOURS];
            }
            rgb[i] = (byte) Math.round(255 * Math.clamp(value / 2 + 0.5f, 0f, 1f));
        }
        return new RgbImage(width, height, rgb);
    }

    private static NDArray withConstant(NDArray latents) {
        NDArray rows =
                latents.transpose(0, 2, 3, 1).reshape(-1, latents.getShape().get(1));
        NDArray ones = rows.getManager().ones(new Shape(rows.getShape().get(0), 1));
        return NDArrays.concat(new NDList(rows, ones), 1);
    }

    /** Draws soft discs of random colours on random backgrounds, in −1…1. */
    private static float[] blobs(int side) {
        var random = new SplittableRandom(0);
        var pixels = new float[IMAGES * 3 * side * side];
        int plane = side * side;
        for (int p = 0; p < IMAGES; p++) {
            for (int blob = 0; blob <= BLOBS; blob++) {
                double x = random.nextDouble(side), y = random.nextDouble(side);
                double radius =
                        blob == 0 ? 4 * side : random.nextDouble(side / 8.0, side / 3.0); // the background first
                float[] colour = {random.nextFloat(-1, 1), random.nextFloat(-1, 1), random.nextFloat(-1, 1)};
                for (int i = 0; i < plane; i++) {
                    double distance = Math.hypot(i % side - x, i / side - y);
                    float cover = (float) Math.clamp(radius - distance, 0, 1);
                    for (int c = 0; c < 3; c++) {
                        int at = (p * 3 + c) * plane + i;
                        pixels[at] += cover * (colour[c] - pixels[at]);
                    }
                }
            }
        }
        return pixels;
    }
}
