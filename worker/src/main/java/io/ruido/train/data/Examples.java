package io.ruido.train.data;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.wan.AutoencoderKLWan;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The training examples of a denoiser: images of one size, or an autoencoder's latents of images or clips.
 *
 * <p>B batch, C channels, S side of the images, h side of the latents, f their frames.
 */
public final class Examples {
    private static final Logger log = LoggerFactory.getLogger(Examples.class);
    private static final int BATCH = 16;
    private static final int CLIPS_PER_LINE = 100;

    private final float[] values;
    private final Shape one; // (1, C, h, h) or (1, C, f, h, h)

    private Examples(float[] values, Shape one) {
        this.values = values;
        this.one = one;
    }

    /** The pixels, −1…1. */
    public static Examples pixels(ImageFolder.Sized sized) {
        return new Examples(levels(sized.images()), new Shape(1, 3, sized.side(), sized.side()));
    }

    /**
     * Latents, scaled to unit variance: computed, or read from the cache.
     *
     * @param weights file of the autoencoder
     */
    public static Examples latents(ImageFolder.Sized sized, AutoencoderKL vae, Path weights, Path cache)
            throws IOException {
        List<String> names = sized.images().stream()
                .map(image -> "%s at %d".formatted(image.file(), sized.side()))
                .toList();
        try (NDManager manager = Torch.newManager()) {
            NDArray all = Precomputed.of(cache, "latents", names, List.of(weights))
                    .get(manager, DataType.FLOAT32, scratch -> encode(scratch, sized, vae));
            Shape shape = all.getShape();
            return new Examples(all.toFloatArray(), new Shape(1, shape.get(1), shape.get(2), shape.get(3)));
        }
    }

    private static NDArray encode(NDManager manager, ImageFolder.Sized sized, AutoencoderKL vae) {
        List<ImageFolder.Image> images = sized.images();
        NDList batches = new NDList();
        for (int from = 0; from < images.size(); from += BATCH) {
            var some = images.subList(from, Math.min(images.size(), from + BATCH));
            try (NDManager scratch = manager.newSubManager()) {
                NDArray x = scratch.create(levels(some), new Shape(some.size(), 3, sized.side(), sized.side()));
                batches.add(scratch.ret(
                        vae.encode(x).mean().mul((float) vae.config().scalingFactor())));
            }
        }
        return NDArrays.concat(batches);
    }

    /**
     * Latents of the beginning of clips, shorter ones repeated, scaled to unit variance: computed, or read from the
     * cache. As no latent frame depends on a later one, they begin with those of fewer frames.
     *
     * @param frames 4k + 1
     * @param weights file of the autoencoder, beside its config
     */
    public static Examples clips(ImageFolder.Sized sized, int frames, AutoencoderKLWan vae, Path weights, Path cache)
            throws IOException {
        List<String> names = sized.images().stream()
                .map(clip -> "%s at %d, %d frames".formatted(clip.file(), sized.side(), frames))
                .toList();
        List<Path> files = List.of(weights, weights.resolveSibling("config.json"));
        try (NDManager manager = Torch.newManager()) {
            NDArray all = Precomputed.of(cache, "clip-latents", names, files)
                    .get(manager, DataType.FLOAT32, scratch -> encode(scratch, sized, frames, vae));
            Shape shape = all.getShape();
            return new Examples(
                    all.toFloatArray(), new Shape(1, shape.get(1), shape.get(2), shape.get(3), shape.get(4)));
        }
    }

    private static NDArray encode(NDManager manager, ImageFolder.Sized sized, int frames, AutoencoderKLWan vae) {
        NDList each = new NDList();
        for (ImageFolder.Image clip : sized.images()) {
            try (NDManager scratch = manager.newSubManager()) {
                float[] levels = Clips.levels(clip, sized.side(), 0, frames);
                NDArray x = scratch.create(levels, new Shape(1, 3, frames, sized.side(), sized.side()));
                each.add(scratch.ret(vae.normalized(vae.encode(x).mean())));
            }
            if (each.size() % CLIPS_PER_LINE == 0) {
                log.info("encoding clips: {} of {}", each.size(), sized.images().size());
            }
        }
        return NDArrays.concat(each);
    }

    /** The first latent frames of each clip. */
    public Examples beginnings(int frames) {
        int all = (int) one.get(2), plane = (int) (one.get(3) * one.get(4));
        int channels = count() * (int) one.get(1);
        float[] some = new float[channels * frames * plane];
        for (int i = 0; i < channels; i++) {
            System.arraycopy(values, i * all * plane, some, i * frames * plane, frames * plane);
        }
        return new Examples(some, new Shape(1, one.get(1), frames, one.get(3), one.get(4)));
    }

    /** Returns these examples followed by others of the same shape. */
    public Examples and(Examples others) {
        float[] all = Arrays.copyOf(values, values.length + others.values.length);
        System.arraycopy(others.values, 0, all, values.length, others.values.length);
        return new Examples(all, one);
    }

    private static float[] levels(List<ImageFolder.Image> images) {
        int each = images.getFirst().planes().length;
        float[] levels = new float[Math.multiplyExact(images.size(), each)];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = Images.level(images.get(i / each).planes()[i % each]);
        }
        return levels;
    }

    public int count() {
        return values.length / length();
    }

    /** Returns the number of values of one example. */
    public int length() {
        return (int) one.size();
    }

    /** (B, C, h, h) or (B, C, f, h, h) */
    public Shape shape(int batch) {
        long[] shape = one.getShape().clone();
        shape[0] = batch;
        return new Shape(shape);
    }

    /** Returns some of the examples in the shape of {@link #shape}. */
    public NDArray tensor(NDManager manager, int[] chosen) {
        float[] some = new float[chosen.length * length()];
        for (int b = 0; b < chosen.length; b++) {
            System.arraycopy(values, chosen[b] * length(), some, b * length(), length());
        }
        return Torch.tensor(manager, some, shape(chosen.length));
    }

    public int side() {
        return (int) one.get(one.dimension() - 1);
    }

    public float value(int example, int at) {
        return values[example * length() + at];
    }
}
