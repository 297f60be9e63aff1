package io.ruido.train.data;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What a denoiser learns to make: pictures of one size, or an autoencoder's latents of them.
 *
 * <p>B batch, C channels, S side of the pictures, h side of the latents.
 */
public final class Examples {
    private static final int BATCH = 16;

    private final float[] values;
    private final Shape one; // (1, C, h, h)

    private Examples(float[] values, Shape one) {
        this.values = values;
        this.one = one;
    }

    /** The pixels, −1…1. */
    public static Examples pixels(ImageFolder.Sized sized) {
        return new Examples(levels(sized.pictures()), new Shape(1, 3, sized.side(), sized.side()));
    }

    /**
     * Latents, scaled to unit variance: computed, or read from the cache.
     *
     * @param weights file of the autoencoder
     */
    public static Examples latents(ImageFolder.Sized sized, AutoencoderKL vae, Path weights, Path cache)
            throws IOException {
        List<String> names = sized.pictures().stream()
                .map(picture -> "%s at %d".formatted(picture.file(), sized.side()))
                .toList();
        try (NDManager manager = Torch.newManager()) {
            NDArray all = Precomputed.of(cache, "latents", names, List.of(weights))
                    .get(manager, DataType.FLOAT32, scratch -> encode(scratch, sized, vae));
            Shape shape = all.getShape();
            return new Examples(all.toFloatArray(), new Shape(1, shape.get(1), shape.get(2), shape.get(3)));
        }
    }

    private static NDArray encode(NDManager manager, ImageFolder.Sized sized, AutoencoderKL vae) {
        List<ImageFolder.Picture> pictures = sized.pictures();
        NDList batches = new NDList();
        for (int from = 0; from < pictures.size(); from += BATCH) {
            var some = pictures.subList(from, Math.min(pictures.size(), from + BATCH));
            try (NDManager scratch = manager.newSubManager()) {
                NDArray x = scratch.create(levels(some), new Shape(some.size(), 3, sized.side(), sized.side()));
                batches.add(scratch.ret(
                        vae.encode(x).mean().mul((float) vae.config().scalingFactor())));
            }
        }
        return NDArrays.concat(batches);
    }

    private static float[] levels(List<ImageFolder.Picture> pictures) {
        int each = pictures.getFirst().planes().length;
        float[] levels = new float[Math.multiplyExact(pictures.size(), each)];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = Pictures.level(pictures.get(i / each).planes()[i % each]);
        }
        return levels;
    }

    public int count() {
        return values.length / length();
    }

    /** How many numbers one of them is. */
    public int length() {
        return (int) one.size();
    }

    /** (B, C, h, h) */
    public Shape shape(int batch) {
        return new Shape(batch, one.get(1), one.get(2), one.get(3));
    }

    /** Some of them: (B, C, h, h). */
    public NDArray tensor(NDManager manager, int[] chosen) {
        float[] some = new float[chosen.length * length()];
        for (int b = 0; b < chosen.length; b++) {
            System.arraycopy(values, chosen[b] * length(), some, b * length(), length());
        }
        return Torch.tensor(manager, some, shape(chosen.length));
    }

    public int side() {
        return (int) one.get(2);
    }

    public float value(int example, int at) {
        return values[example * length() + at];
    }
}
