package io.ruido.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.samplers.Sampler;
import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.job.Geometry;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.image.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Measures a text-to-image model against the pictures that it was trained on.
 *
 * <p>B batch, L latent channels, h side of the latents, S side of a picture.
 */
public final class Evaluation implements AutoCloseable {
    private static final int BATCH = 8;

    private final DiffusionPipeline pipeline;
    private final AutoencoderKL vae;
    private final NDManager manager;
    private final Sampler sampler;
    private final int size;
    private final int heldOut;
    private final List<String> labels;
    private final List<ImageFolder.Picture> pictures;
    private final float[][] latents; // of each picture

    /**
     * How samples are drawn.
     *
     * @param guidance scale of classifier-free guidance
     * @param seed of the first sample; the next one has the next seed
     */
    public record Sampling(int steps, double guidance, long seed) {
        public Sampling {
            new Problems()
                    .within("steps", steps, 1, 1000)
                    .within("guidance", guidance, 0, 50)
                    .reject();
        }
    }

    /**
     * How well pictures fit the labels that they were asked for by.
     *
     * @param top1 share of the samples whose nearest training picture bears the label
     * @param top5 share of those that have it among the nearest five
     */
    public record Fit(double top1, double top5) {}

    /**
     * Reads a model and the pictures that it was trained on.
     *
     * @param model a diffusers folder
     * @param recipe by which it was trained: names the pictures, the labels, and how many pictures are held out
     * @param everyLabel whether to ask for labels of all pictures, not only for those that the recipe trains on
     */
    public static Evaluation of(Path model, Path recipe, boolean everyLabel) throws IOException {
        TrainConfig config = TrainConfig.read(recipe);
        if (config.denoiser() == null) {
            throw new IllegalArgumentException(
                    recipe + ": makes a model without text, which cannot be asked for a label");
        }
        return new Evaluation(
                model,
                config.data(),
                config.autoencoder().heldOut(),
                everyLabel ? List.of() : config.denoiser().labels());
    }

    Evaluation(Path model, Path data, int heldOut, List<String> labels) throws IOException {
        this.heldOut = heldOut;
        this.pipeline = DiffusionPipeline.read(model, Device.cpu(), DataType.FLOAT32);
        this.manager = pipeline.newManager();
        this.vae = AutoencoderKL.read(model.resolve("vae"), manager, DataType.FLOAT32);
        this.sampler = SamplerName.DDIM.sampler(SchedulerConfig.read(model.resolve("scheduler/scheduler_config.json")));
        this.size = pipeline.defaultGeometry().width();
        this.pictures = ImageFolder.read(data, size);
        this.labels = ImageFolder.labelled(pictures, labels).stream()
                .map(ImageFolder.Picture::label)
                .distinct()
                .toList();
        this.latents = new float[pictures.size()][];
        forEachBatch(
                pictures.size(), (from, to) -> System.arraycopy(encode(planes(from, to)), 0, latents, from, to - from));
    }

    /** How alike the held-out pictures and what the autoencoder makes of them are: their mean PSNR in dB. */
    public double psnr() {
        List<Integer> places = ImageFolder.heldOut(pictures, heldOut).stream()
                .map(pictures::indexOf)
                .toList();
        double sum = 0;
        for (int place : places) {
            sum += psnr(
                    pictures.get(place).planes(),
                    decode(List.of(latents[place])).getFirst());
        }
        return sum / places.size();
    }

    /** How many pictures a sample is compared with. */
    public int pictures() {
        return pictures.size();
    }

    /** How many labels there are to ask for. */
    public int labels() {
        return labels.size();
    }

    /** Labels drawn without repetition, the same ones for the same seed; all of them if there are fewer. */
    public List<String> labels(int count, long seed) {
        return IntStream.of(Seeds.round(seed, 0, labels.size()))
                .limit(count)
                .mapToObj(labels::get)
                .toList();
    }

    /**
     * One picture for each text.
     *
     * @param progress told of each picture, how many there are so far
     */
    public List<RgbImage> sample(List<String> texts, Sampling sampling, IntConsumer progress) {
        List<RgbImage> drawn = new ArrayList<>();
        forEachBatch(texts.size(), (from, to) -> {
            drawn.addAll(sample(texts.subList(from, to), sampling, sampling.seed() + from));
            progress.accept(to);
        });
        return drawn;
    }

    private List<RgbImage> sample(List<String> texts, Sampling sampling, long seed) {
        try (NDManager scratch = pipeline.newManager()) {
            int batch = texts.size();
            Shape one = pipeline.latentShape(Geometry.ofImage(size, size));
            NDArray context = pipeline.encodeText(scratch, texts); // (B, T, D)
            NDArray empty =
                    pipeline.encodeText(scratch, texts.stream().map(text -> "").toList());
            float[] guidance = new float[batch];
            Arrays.fill(guidance, (float) sampling.guidance());
            return decode(Drawing.run(
                    scratch,
                    sampler.trajectory(sampling.steps()),
                    batch,
                    seed,
                    one,
                    (x, timesteps) ->
                            pipeline.predict(x, timesteps, context.duplicate(), empty.duplicate(), guidance)));
        }
    }

    /** How well each picture fits the label at its place, by the distance of the autoencoder's latents. */
    public Fit fit(List<String> labels, List<RgbImage> drawn) {
        int[] within = new int[2];
        forEachBatch(drawn.size(), (from, to) -> {
            float[][] encoded = encode(
                    drawn.subList(from, to).stream().map(Evaluation::planes).toList());
            for (int i = from; i < to; i++) {
                int rank = rank(labels.get(i), encoded[i - from]);
                within[0] += rank < 1 ? 1 : 0;
                within[1] += rank < 5 ? 1 : 0;
            }
        });
        return new Fit(within[0] / (double) drawn.size(), within[1] / (double) drawn.size());
    }

    /** How many training pictures are nearer than the nearest one that bears the label. */
    private int rank(String label, float[] drawn) {
        double[] distances = Arrays.stream(latents)
                .mapToDouble(other -> distance(other, drawn))
                .toArray();
        double own = IntStream.range(0, distances.length)
                .filter(i -> pictures.get(i).label().equals(label))
                .mapToDouble(i -> distances[i])
                .min()
                .orElseThrow();
        return (int) Arrays.stream(distances).filter(distance -> distance < own).count();
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }

    /** The mean over all places of how alike two pictures are, in dB. */
    public static double psnr(List<RgbImage> some, List<RgbImage> others) {
        return IntStream.range(0, some.size())
                .mapToDouble(i -> psnr(planes(some.get(i)), others.get(i)))
                .average()
                .orElseThrow();
    }

    private static double psnr(byte[] planes, RgbImage picture) {
        byte[] other = planes(picture);
        double sum = 0;
        for (int i = 0; i < planes.length; i++) {
            double error = ((planes[i] & 255) - (other[i] & 255)) / 255.0;
            sum += error * error;
        }
        return -10 * Math.log10(Math.max(sum / planes.length, 1e-10));
    }

    private List<byte[]> planes(int from, int to) {
        return pictures.subList(from, to).stream()
                .map(ImageFolder.Picture::planes)
                .toList();
    }

    /** (S, S, 3) to (3, S, S) */
    private static byte[] planes(RgbImage picture) {
        int plane = picture.width() * picture.height();
        byte[] planes = new byte[3 * plane];
        for (int i = 0; i < planes.length; i++) {
            planes[i] = picture.rgb()[3 * (i % plane) + i / plane];
        }
        return planes;
    }

    private float[][] encode(List<byte[]> planes) {
        try (NDManager scratch = manager.newSubManager()) {
            int count = planes.size(), each = planes.getFirst().length;
            float[] pixels = new float[count * each];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = Pictures.level(planes.get(i / each)[i % each]);
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

    private List<RgbImage> decode(List<float[]> some) {
        try (NDManager scratch = pipeline.newManager()) {
            return pictures(Drawing.tensor(scratch, some, pipeline.latentShape(Geometry.ofImage(size, size))));
        }
    }

    private List<RgbImage> pictures(NDArray latents) {
        return pipeline.decode(latents).stream().map(Frames::first).toList();
    }

    private interface Range {
        void accept(int from, int to);
    }

    private static void forEachBatch(int count, Range work) {
        for (int from = 0; from < count; from += BATCH) {
            work.accept(from, Math.min(count, from + BATCH));
        }
    }

    @Override
    public void close() {
        pipeline.close();
    }
}
