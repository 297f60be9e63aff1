package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.model.Conditioning;
import io.ruido.model.unet.UNet2DConfig;
import io.ruido.model.unet.UNet2DModel;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import io.ruido.train.data.Examples;
import io.ruido.train.data.Rounds;
import io.ruido.train.data.Seeds;
import io.ruido.train.optimization.Stage;
import io.ruido.train.optimization.Work;
import io.ruido.train.recipe.Optimization;
import io.ruido.train.recipe.TrainConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Trains a U-Net to denoise pixels, without a text: "Denoising Diffusion Probabilistic Models" (Ho et al. 2020),
 * algorithm 1. It needs no autoencoder, and draws images like the training images.
 *
 * <p>B batch, S side of an image.
 */
final class PixelStage implements Stage {
    private static final int COLUMNS = 8;
    private static final int MEASURED = 16;

    private final TrainConfig.Pixels config;
    private final List<Examples> sizes;
    private final long seed;
    private final ForwardProcess process;
    private final Rounds rounds;
    private UNet2DModel model;
    private UNet2DModel average;
    private Weights averages;

    /** @param sizes the same images in one or more sizes, of which the first is drawn */
    PixelStage(TrainConfig.Pixels config, List<Examples> sizes, long seed) {
        this.config = config;
        this.sizes = sizes;
        this.seed = seed;
        this.process = new ForwardProcess(config.scheduler(), config.minSnrGamma());
        this.rounds = new Rounds(seed, sizes.getFirst().count());
    }

    @Override
    public String name() {
        return "pixels";
    }

    @Override
    public Optimization optimization() {
        return config.optimization();
    }

    @Override
    public TrainConfig.Precision precision() {
        return config.precision();
    }

    @Override
    public void build(Weights weights, Weights averages) {
        UNet2DConfig shape = UNet2DConfig.of(config.model());
        this.model = new UNet2DModel(shape, weights);
        this.average = new UNet2DModel(shape, averages);
        this.averages = averages;
        InitialWeights.applyToDenoiser(weights.tensors());
        InitialWeights.applyToDenoiser(averages.tensors());
    }

    /** Returns the images of a step; sizes take turns. */
    private Examples imagesAt(int step) {
        return sizes.get(step % sizes.size());
    }

    @Override
    public double workAt(int step) {
        return 3
                * batchAt(step)
                * Work.forward(averages.tensors(), imagesAt(step).side(), 0);
    }

    @Override
    public NDArray loss(NDManager scratch, int step, RandomGenerator random) {
        int[] chosen = rounds.batch(step, batchAt(step));
        return loss(model, scratch, imagesAt(step), chosen, random);
    }

    private NDArray loss(UNet2DModel unet, NDManager scratch, Examples images, int[] chosen, RandomGenerator random) {
        ForwardProcess.Batch batch = process.draw(scratch, images, chosen, random);
        NDArray x = Ops.cast(batch.x(), config.precision().type()); // (B, 3, S, S)
        return batch.loss(unet.forward(x, batch.timesteps(), Conditioning.none()));
    }

    @Override
    public Map<String, Double> evaluate(NDManager scratch, Path grid) throws IOException {
        Examples images = sizes.getFirst();
        Trajectory ddim = SamplerName.DDIM
                .sampler(SchedulerConfig.of(config.scheduler()))
                .trajectory(config.sampling().steps());
        Shape one = images.shape(1);
        List<float[]> drawn = Drawing.run(
                scratch,
                ddim,
                config.sampling().pictures(),
                seed,
                one,
                (x, timesteps) -> average.forward(x, x.getManager().create(timesteps), Conditioning.none()));
        Grid.write(grid, Drawing.join(drawn), images.side(), COLUMNS);
        RandomGenerator random = Seeds.of(~seed, 0);
        int[] measured = random.ints(MEASURED, 0, images.count()).toArray();
        return Map.of("loss", (double)
                loss(average, scratch, images, measured, random).getFloat());
    }

    @Override
    public void export(NDManager scratch, Path folder) throws IOException {
        DiffusersFolder.writeModel(folder.resolve("unet"), "UNet2DModel", config.model(), averages.tensors());
        DiffusersFolder.writeUnconditional(folder, config.scheduler());
    }
}
