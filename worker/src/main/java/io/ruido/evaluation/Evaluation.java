package io.ruido.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.tensor.Torch;
import io.ruido.train.Drawing;
import io.ruido.train.data.ImageFolder;
import io.ruido.train.data.Images;
import io.ruido.train.data.Seeds;
import io.ruido.train.recipe.TrainConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Measures drawn images against those that a model was trained on, by an autoencoder's latents.
 *
 * <p>B batch, L latent channels, h side of the latents, S side of an image.
 */
public final class Evaluation implements AutoCloseable {
    private static final int BATCH = 8;
    private static final int POOLED = 4;

    private final AutoencoderKL vae;
    private final NDManager manager;
    private final int size;
    private final int heldOut;
    private final List<String> labels;
    private final List<ImageFolder.Image> images;
    private final float[][] latents; // of each image

    /**
     * How well images fit their labels.
     *
     * @param top1 share of the samples whose nearest training image has the label
     * @param top5 share of those that have it among the nearest five
     */
    public record Fit(double top1, double top5) {}

    /**
     * Reads a model's autoencoder and the images that it was trained on.
     *
     * @param model a diffusers folder
     * @param recipe by which it was trained: names the images, the labels, and how many images are held out
     * @param everyLabel whether to ask for labels of all images, not only for those that the recipe trains on
     */
    public static Evaluation of(Path model, TrainConfig recipe, boolean everyLabel) throws IOException {
        if (recipe.denoiser() == null) {
            throw new IllegalArgumentException(
                    recipe.name()
                            + ": the recipe must train an autoencoder and a model with text, because labels are used as prompts");
        }
        return new Evaluation(
                model,
                recipe.data(),
                recipe.size(),
                recipe.autoencoder().heldOut(),
                everyLabel ? List.of() : recipe.denoiser().labels());
    }

    public Evaluation(Path model, Path data, int size, int heldOut, List<String> labels) throws IOException {
        this.heldOut = heldOut;
        this.size = size;
        this.manager = Torch.newManager();
        this.vae = AutoencoderKL.read(model.resolve("vae"), manager, DataType.FLOAT32);
        this.images = ImageFolder.read(data, size);
        this.labels = ImageFolder.labelled(images, labels).stream()
                .map(ImageFolder.Image::label)
                .distinct()
                .toList();
        this.latents = encode(images.stream().map(ImageFolder.Image::planes).toList());
    }

    /** Returns the mean PSNR of the held-out images and their reconstructions in dB. */
    public double psnr() {
        return ImageFolder.heldOut(images, heldOut).stream()
                .mapToDouble(image -> psnr(image.planes(), reconstruct(latents[images.indexOf(image)])))
                .average()
                .orElseThrow();
    }

    private byte[] reconstruct(float[] latent) {
        try (NDManager scratch = manager.newSubManager()) {
            long channels = vae.config().latentChannels(),
                    side = Math.round(Math.sqrt(latent.length / (double) channels));
            NDArray z = scratch.create(latent, new Shape(1, channels, side, side));
            float[] decoded =
                    vae.decode(z.div((float) vae.config().scalingFactor())).toFloatArray();
            byte[] planes = new byte[decoded.length];
            for (int i = 0; i < planes.length; i++) {
                planes[i] = (byte) Math.clamp(Math.round((decoded[i] + 1) * 127.5f), 0, 255);
            }
            return planes;
        }
    }

    /** Returns the number of images that a sample is compared with. */
    public int images() {
        return images.size();
    }

    /** Returns the number of labels. */
    public int labels() {
        return labels.size();
    }

    /** Labels drawn without repetition, the same ones for the same seed; all of them if there are fewer. */
    public List<String> labels(int count, long seed) {
        return drawn(labels, count, seed);
    }

    static List<String> drawn(List<String> labels, int count, long seed) {
        return IntStream.of(Seeds.round(seed, 0, labels.size()))
                .limit(count)
                .mapToObj(labels::get)
                .toList();
    }

    /**
     * How well each image fits the labels at its place, by the distance of the autoencoder's latents.
     *
     * @param accepted correct labels of each image
     * @throws IllegalArgumentException naming labels of which no image has the label one
     */
    public Fit fit(List<Set<String>> accepted, List<RgbImage> drawn) {
        float[][] encoded = encodeDrawn(drawn);
        int[] ranks = IntStream.range(0, encoded.length)
                .map(i -> rank(accepted.get(i), encoded[i]))
                .toArray();
        return new Fit(share(ranks, 1), share(ranks, 5));
    }

    private static double share(int[] ranks, int nearest) {
        return Arrays.stream(ranks).filter(rank -> rank < nearest).count() / (double) ranks.length;
    }

    /** Returns the number of training images that are nearer than the nearest one with one of the labels. */
    private int rank(Set<String> accepted, float[] drawn) {
        double[] distances = Arrays.stream(latents)
                .mapToDouble(other -> squaredDistance(other, drawn))
                .toArray();
        double own = IntStream.range(0, distances.length)
                .filter(i -> accepted.contains(images.get(i).label()))
                .mapToDouble(i -> distances[i])
                .min()
                .orElseThrow(
                        () -> new IllegalArgumentException("no image has the label " + String.join(" or ", accepted)));
        return (int) Arrays.stream(distances).filter(distance -> distance < own).count();
    }

    static double squaredDistance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }

    /**
     * Returns the mean distance between the latents of all pairs of images, a measure of diversity for images of one
     * prompt.
     */
    public double diversity(List<RgbImage> drawn) {
        float[][] encoded = encodeDrawn(drawn);
        return IntStream.range(0, encoded.length)
                .boxed()
                .flatMapToDouble(
                        i -> IntStream.range(0, i).mapToDouble(j -> Math.sqrt(squaredDistance(encoded[i], encoded[j]))))
                .average()
                .orElseThrow();
    }

    /**
     * The Fréchet distance (Heusel et al. 2017, arXiv:1706.08500, §3) of drawn images to those that bear the same
     * labels. The features are the autoencoder's latents, averaged to {@value #POOLED}×{@value #POOLED} places: no
     * classifier knows emoji.
     */
    public double frechet(List<String> asked, List<RgbImage> drawn) {
        float[][] own = IntStream.range(0, latents.length)
                .filter(i -> asked.contains(images.get(i).label()))
                .mapToObj(i -> latents[i])
                .toArray(float[][]::new);
        try (NDManager scratch = manager.newSubManager()) {
            return Frechet.distance(pooled(scratch, own), pooled(scratch, encodeDrawn(drawn)));
        }
    }

    /** (N, L·16) */
    private NDArray pooled(NDManager scratch, float[][] some) {
        int count = some.length, channels = vae.config().latentChannels();
        int side = (int) Math.round(Math.sqrt(some[0].length / (double) channels)), part = side / POOLED;
        NDArray all = scratch.create(
                Drawing.join(List.of(some)), new Shape((long) count * channels, POOLED, part, POOLED, part));
        return all.mean(new int[] {4}).mean(new int[] {2}).reshape(count, -1);
    }

    /** Returns the mean PSNR of pairs of images in dB. */
    public static double psnr(List<RgbImage> some, List<RgbImage> others) {
        return IntStream.range(0, some.size())
                .mapToDouble(i -> psnr(planes(some.get(i)), planes(others.get(i))))
                .average()
                .orElseThrow();
    }

    private static double psnr(byte[] planes, byte[] other) {
        double sum = 0;
        for (int i = 0; i < planes.length; i++) {
            double error = ((planes[i] & 255) - (other[i] & 255)) / 255.0;
            sum += error * error;
        }
        return -10 * Math.log10(Math.max(sum / planes.length, 1e-10));
    }

    /** (S, S, 3) to (3, S, S) */
    private static byte[] planes(RgbImage image) {
        int plane = image.width() * image.height();
        byte[] planes = new byte[3 * plane];
        for (int i = 0; i < planes.length; i++) {
            planes[i] = image.rgb()[3 * (i % plane) + i / plane];
        }
        return planes;
    }

    private float[][] encodeDrawn(List<RgbImage> drawn) {
        return encode(drawn.stream().map(Evaluation::planes).toList());
    }

    private float[][] encode(List<byte[]> planes) {
        float[][] all = new float[planes.size()][];
        for (int from = 0; from < all.length; from += BATCH) {
            int to = Math.min(all.length, from + BATCH);
            System.arraycopy(encodeBatch(planes.subList(from, to)), 0, all, from, to - from);
        }
        return all;
    }

    private float[][] encodeBatch(List<byte[]> planes) {
        try (NDManager scratch = manager.newSubManager()) {
            int count = planes.size(), each = planes.getFirst().length;
            float[] pixels = new float[count * each];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = Images.level(planes.get(i / each)[i % each]);
            }
            NDArray mean = vae.encode(scratch.create(pixels, new Shape(count, 3, size, size)))
                    .mean();
            float[] all = mean.mul((float) vae.config().scalingFactor()).toFloatArray();
            int length = all.length / count;
            return IntStream.range(0, count)
                    .mapToObj(i -> Arrays.copyOfRange(all, i * length, (i + 1) * length))
                    .toArray(float[][]::new);
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
