package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.model.unet.UNetConfig;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Trains a U-Net to denoise latents: "Denoising Diffusion Probabilistic Models" (Ho et al. 2020), algorithm 1,
 * with text by cross-attention (Rombach et al. 2021, §3.3) and dropped captions for guidance (Ho and Salimans 2022).
 *
 * <p>B batch, L latent channels, h side of the latents, T tokens, D width of a token.
 */
final class DenoiserStage implements Stage {
    private static final int COLUMNS = 8;
    private static final int MEASURED = 64;

    private final TrainConfig.Denoiser config;
    private final TrainingSet data;
    private final long seed;
    private final ForwardProcess process;
    private final Rounds rounds;
    private UNet2DConditionModel model;
    private UNet2DConditionModel average;
    private Weights averages;

    DenoiserStage(TrainConfig.Denoiser config, TrainingSet data, long seed) {
        this.config = config;
        this.data = data;
        this.seed = seed;
        this.process = new ForwardProcess(config.scheduler(), config.minSnrGamma());
        this.rounds = new Rounds(seed, data.count());
    }

    @Override
    public String name() {
        return "denoiser";
    }

    @Override
    public TrainConfig.Optimization optimization() {
        return config.optimization();
    }

    @Override
    public TrainConfig.Precision precision() {
        return config.precision();
    }

    @Override
    public void build(Weights weights, Weights averages) {
        UNetConfig shape = UNetConfig.of(config.model());
        this.model = new UNet2DConditionModel(shape, weights);
        this.average = new UNet2DConditionModel(shape, averages);
        this.averages = averages;
        QuietStart.applyToUNet(weights.tensors());
        QuietStart.applyToUNet(averages.tensors());
    }

    @Override
    public double workAt(int step) {
        int side = data.latentsAt(step).side();
        return 3 * batchAt(step) * Work.forward(averages.tensors(), side, data.tokens());
    }

    @Override
    public NDArray loss(NDManager scratch, int step, RandomGenerator random) {
        int[] pictures = rounds.batch(step, batchAt(step));
        return loss(model, scratch, data.latentsAt(step), pictures, random);
    }

    private NDArray loss(
            UNet2DConditionModel unet, NDManager scratch, Examples latents, int[] pictures, RandomGenerator random) {
        ForwardProcess.Batch batch = process.draw(scratch, latents, pictures, random);
        NDArray captions = data.captions(scratch, pictures, random); // (B, T, D)
        DataType type = config.precision().type();
        return batch.loss(unet.forward(Ops.cast(batch.x(), type), batch.timesteps(), Ops.cast(captions, type)));
    }

    @Override
    public Map<String, Double> evaluate(NDManager scratch, Path picture) throws IOException {
        Shape one = data.latents().shape(1);
        NDArray pixels = data.decode(Drawing.tensor(scratch, sample(scratch, one), one));
        Grid.write(picture, pixels.toFloatArray(), data.pictureSize(), COLUMNS);
        RandomGenerator random = Seeds.of(~seed, 0);
        int[] pictures = random.ints(MEASURED, 0, data.count()).toArray();
        try (NDManager measured = scratch.newSubManager()) {
            return Map.of("loss", (double)
                    loss(average, measured, data.latents(), pictures, random).getFloat());
        }
    }

    /** One picture for every prompt of the recipe, by DDIM with guidance. */
    private List<float[]> sample(NDManager scratch, Shape one) {
        TrainConfig.Sampling sampling = config.sampling();
        int count = sampling.prompts().size();
        NDArray prompts = data.encode(scratch, sampling.prompts());
        NDArray context = data.empty(scratch, count).concat(prompts); // (2B, T, D)
        Trajectory ddim =
                SamplerName.DDIM.sampler(SchedulerConfig.of(config.scheduler())).trajectory(sampling.steps());
        return Drawing.run(scratch, ddim, count, seed, one, (x, timesteps) -> {
            float[] twice = new float[2 * count];
            Arrays.fill(twice, timesteps[0]);
            NDArray given = x.getManager().create(twice);
            NDList outputs =
                    average.forward(x.concat(x), given, context.duplicate()).split(2);
            NDArray unconditional = outputs.get(0);
            return unconditional.add(outputs.get(1).sub(unconditional).mul((float) sampling.guidance()));
        });
    }

    @Override
    public void export(NDManager scratch, Path folder) throws IOException {
        DiffusersFolder.writeModel(folder.resolve("unet"), "UNet2DConditionModel", config.model(), averages.tensors());
        DiffusersFolder.writeTextToImage(folder, config.scheduler());
    }
}
