package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.wan.AutoencoderKLWan;
import io.ruido.model.wan.AutoencoderKLWanConfig;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.data.Clips;
import io.ruido.train.data.ImageFolder;
import io.ruido.train.data.Seeds;
import io.ruido.train.optimization.ClipWork;
import io.ruido.train.optimization.Stage;
import io.ruido.train.recipe.ClipsConfig;
import io.ruido.train.recipe.Optimization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Trains an AutoencoderKLWan on crops of clips, with the same losses as for images and one more for the differences in
 * time. It is trained with the same piecewise computation as in use.
 *
 * <p>B batch, T frames, S side of a crop, L latent channels, f frames of the latents.
 */
final class ClipAutoencoderStage implements Stage {
    private static final int SHOWN = 4;
    private static final int MEASURED = 16;
    private static final int CALIBRATION = 64;

    /** Clips and images with sides of that many pixels. */
    record Data(int side, List<ImageFolder.Image> clips, List<ImageFolder.Image> images) {}

    private final ClipsConfig.Autoencoder config;
    private final ObjectNode shape;
    private final List<Data> training;
    private final List<ImageFolder.Image> heldOut;
    private final int size;
    private AutoencoderKLWan model;
    private AutoencoderKLWan average;
    private Weights averages;

    /** @param sizes the same clips in one or more sizes, which take turns; the first one is evaluated */
    ClipAutoencoderStage(ClipsConfig.Autoencoder config, List<Data> sizes) {
        this.config = config;
        this.shape = unscaled(config.model());
        this.training = sizes.stream()
                .map(data -> new Data(data.side(), ImageFolder.training(data.clips(), config.heldOut()), data.images()))
                .toList();
        this.heldOut = ImageFolder.heldOut(sizes.getFirst().clips(), config.heldOut());
        this.size = sizes.getFirst().side();
        if (sizes.stream().anyMatch(data -> data.side() < config.crop())) {
            throw new IllegalArgumentException(
                    "clips.autoencoder.crop must be at most the smallest size, was " + config.crop());
        }
    }

    /** Latents as they are, until their means and deviations are known. */
    private static ObjectNode unscaled(ObjectNode model) {
        ObjectNode shape = model.deepCopy();
        int channels = model.path("z_dim").asInt();
        var means = shape.putArray("latents_mean");
        var deviations = shape.putArray("latents_std");
        for (int i = 0; i < channels; i++) {
            means.add(0.0);
            deviations.add(1.0);
        }
        return shape;
    }

    @Override
    public String name() {
        return "autoencoder";
    }

    @Override
    public Optimization optimization() {
        return config.optimization();
    }

    @Override
    public void build(Weights weights, Weights averages) {
        AutoencoderKLWanConfig settings = AutoencoderKLWanConfig.of(shape);
        this.model = new AutoencoderKLWan(settings, weights);
        this.average = new AutoencoderKLWan(settings, averages);
        this.averages = averages;
        for (Weights fresh : List.of(weights, averages)) {
            InitialWeights.applyToAutoencoder(fresh.tensors(), model.config().zDim());
        }
    }

    @Override
    public boolean trains(String name) {
        return config.learns().trains(name);
    }

    @Override
    public double workAt(int step) {
        return 3
                * batchAt(step)
                * ClipWork.autoencoder(averages.tensors(), average.config(), config.frames(), config.crop());
    }

    @Override
    public NDArray loss(NDManager scratch, int step, RandomGenerator random) {
        NDArray x = crops(scratch, training.get(step % training.size()), random); // (B, 3, T, S, S)
        AutoencoderKL.Posterior q = model.encode(x);
        NDArray noise = Torch.tensor(
                scratch, Seeds.normal(random, (int) q.mean().size()), q.mean().getShape());
        NDArray y = model.decodeUnclipped(
                q.mean().add(Ops.scale(q.logvar(), 0.5).exp().mul(noise)));
        return new ReconstructionLoss(config.squaredLoss(), config.gradientLoss(), config.kl()).of(x, y, q);
    }

    private NDArray crops(NDManager scratch, Data data, RandomGenerator random) {
        int batch = optimization().batch(), side = config.crop(), frames = config.frames();
        int each = 3 * frames * side * side;
        float[] levels = new float[batch * each];
        for (int b = 0; b < batch; b++) {
            boolean still =
                    random.nextDouble() < config.stills() && !data.images().isEmpty();
            List<ImageFolder.Image> some = still ? data.images() : data.clips();
            ImageFolder.Image clip = some.get(random.nextInt(some.size()));
            var part = new Clips.Part(
                    random.nextInt(Clips.frames(clip, data.side())),
                    frames,
                    random.nextInt(data.side() - side + 1),
                    random.nextInt(data.side() - side + 1),
                    side,
                    config.flip() && random.nextBoolean());
            Clips.copy(clip, data.side(), part, levels, b * each);
        }
        return Torch.tensor(scratch, levels, new Shape(batch, 3, frames, side, side));
    }

    @Override
    public Map<String, Double> evaluate(NDManager scratch, Path grid) throws IOException {
        int frames = config.frames(), plane = 3 * size * size;
        int count = Math.min(MEASURED, heldOut.size());
        float[] shown = new float[Math.min(SHOWN, count) * 2 * frames * plane]; // originals above reconstructions
        double sum = 0;
        for (int i = 0; i < count; i++) {
            try (NDManager one = scratch.newSubManager()) {
                NDArray x = whole(one, heldOut.get(i));
                NDArray y = average.decode(average.encode(x).mean());
                sum -= 10 * Math.log10(y.sub(x).div(2).square().mean().getFloat());
                if (i < SHOWN) {
                    System.arraycopy(byFrame(x), 0, shown, 2 * i * frames * plane, frames * plane);
                    System.arraycopy(byFrame(y), 0, shown, (2 * i + 1) * frames * plane, frames * plane);
                }
            }
        }
        Grid.write(grid, shown, size, frames);
        return Map.of("psnr", sum / count);
    }

    private static float[] byFrame(NDArray clip) {
        return clip.transpose(0, 2, 1, 3, 4).toFloatArray();
    }

    /** (1, 3, T, S, S) */
    private NDArray whole(NDManager manager, ImageFolder.Image clip) {
        int frames = config.frames();
        float[] levels = new float[3 * frames * size * size];
        Clips.copy(clip, size, new Clips.Part(0, frames, 0, 0, size, false), levels, 0);
        return manager.create(levels, new Shape(1, 3, frames, size, size));
    }

    @Override
    public void export(NDManager scratch, Path folder) throws IOException {
        DiffusersFolder.writeModel(folder.resolve("vae"), "AutoencoderKLWan", measured(scratch), averages.tensors());
    }

    /** The config with each latent channel's mean and deviation over the training clips. */
    private ObjectNode measured(NDManager scratch) {
        List<ImageFolder.Image> clips = training.getFirst().clips();
        NDList all = new NDList();
        for (ImageFolder.Image clip : clips.subList(0, Math.min(CALIBRATION, clips.size()))) {
            try (NDManager one = scratch.newSubManager()) {
                NDArray mean = average.encode(whole(one, clip)).mean(); // (1, L, f, h, w)
                all.add(one.ret(mean.reshape(model.config().zDim(), -1)));
            }
        }
        NDArray values = NDArrays.concat(all, 1); // (L, …)
        NDArray mean = values.mean(new int[] {1}, true);
        NDArray deviation = values.sub(mean).square().mean(new int[] {1}).sqrt();
        ObjectNode config = shape.deepCopy();
        put(config, "latents_mean", mean);
        put(config, "latents_std", deviation);
        return config;
    }

    private static void put(ObjectNode config, String name, NDArray values) {
        var array = config.putArray(name);
        for (float value : values.toFloatArray()) {
            array.add(value);
        }
    }
}
