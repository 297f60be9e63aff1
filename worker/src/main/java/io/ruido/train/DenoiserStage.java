package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.diffusion.Level;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Sampler;
import io.ruido.diffusion.SamplerName;
import io.ruido.diffusion.SchedulerConfig;
import io.ruido.diffusion.Step;
import io.ruido.model.UNet2DConditionModel;
import io.ruido.model.UNetConfig;
import io.ruido.nn.Torch;
import io.ruido.nn.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
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
    private final Target target;
    private final Sampler ddim;
    private final Level[] levels; // by timestep
    private UNet2DConditionModel model;
    private UNet2DConditionModel average;
    private Weights averages;

    DenoiserStage(TrainConfig.Denoiser config, TrainingSet data, long seed) {
        this.config = config;
        this.data = data;
        this.seed = seed;
        ObjectNode scheduler = config.scheduler();
        this.target = Target.of(scheduler.path("prediction_type").asText());
        this.ddim = SamplerName.DDIM.sampler(SchedulerConfig.of(scheduler));
        int timesteps = scheduler.path("num_train_timesteps").asInt();
        this.levels = ddim.trajectory(timesteps).steps().reversed().stream()
                .map(Step::level)
                .toArray(Level[]::new);
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
    public void build(Weights weights, Weights averages) {
        UNetConfig shape = UNetConfig.of(config.model());
        this.model = new UNet2DConditionModel(shape, weights);
        this.average = new UNet2DConditionModel(shape, averages);
        this.averages = averages;
        for (Weights fresh : List.of(weights, averages)) {
            QuietStart.apply(fresh.tensors());
            fresh.tensors().get("conv_out.weight").muli(0);
        }
    }

    @Override
    public int batchAt(int step) {
        return optimization().batch();
    }

    @Override
    public NDArray loss(NDManager scratch, int step, RandomGenerator random) {
        int batch = optimization().batch();
        int[] pictures = new int[batch];
        for (int i = 0; i < batch; i++) {
            long position = (long) step * batch + i;
            pictures[i] = data.inRound(seed, position);
        }
        return loss(model, scratch, pictures, random);
    }

    /** E over t and ε of w_t · ‖target − output(√ᾱ_t x₀ + √(1−ᾱ_t) ε, t, caption)‖². */
    private NDArray loss(UNet2DConditionModel unet, NDManager scratch, int[] pictures, RandomGenerator random) {
        int batch = pictures.length;
        int size = data.latentSize();
        float[] eps = Seeds.normal(random, batch * size);
        float[] noisy = new float[batch * size];
        float[] wanted = new float[batch * size];
        float[] timesteps = new float[batch];
        float[] weights = new float[batch];
        long[] captions = new long[batch];
        for (int b = 0; b < batch; b++) {
            int t = random.nextInt(levels.length);
            Level level = levels[t];
            float signal = (float) level.signal(), spread = (float) level.noise(); // √ᾱ_t and √(1−ᾱ_t)
            float[] x0 = data.latents(pictures[b]);
            for (int i = 0, at = b * size; i < size; i++, at++) {
                noisy[at] = signal * x0[i] + spread * eps[at];
                wanted[at] = target.of(x0[i], eps[at], level);
            }
            timesteps[b] = t;
            weights[b] = weight(level);
            boolean drop = random.nextDouble() < config.captionDropout();
            captions[b] = drop ? data.emptyCaption() : data.caption(pictures[b], random);
        }
        Shape shape = data.latentShape(batch); // (B, L, h, h)
        NDArray output = unet.forward(
                Torch.tensor(scratch, noisy, shape),
                Torch.tensor(scratch, timesteps, new Shape(batch)),
                data.context(scratch, captions));
        NDArray error = output.sub(Torch.tensor(scratch, wanted, shape)).square();
        return error.mul(Torch.tensor(scratch, weights, new Shape(batch, 1, 1, 1)))
                .mean();
    }

    private float weight(Level level) {
        return config.minSnrGamma() == 0 ? 1 : (float) target.minSnrWeight(level, config.minSnrGamma());
    }

    @Override
    public Map<String, Double> evaluate(NDManager scratch, Path picture) throws IOException {
        NDArray latents = sample(scratch);
        float[] pixels = data.decode(latents).toFloatArray();
        Grid.write(picture, pixels, data.pictureSize(), COLUMNS);
        RandomGenerator random = Seeds.of(~seed, 0);
        int[] pictures = random.ints(MEASURED, 0, data.size()).toArray();
        try (NDManager measured = scratch.newSubManager()) {
            return Map.of(
                    "loss", (double) loss(average, measured, pictures, random).getFloat());
        }
    }

    /** One picture for every prompt of the recipe: DDIM (Song et al. 2021, equation 12, η = 0) with guidance. */
    private NDArray sample(NDManager scratch) throws IOException {
        TrainConfig.Sampling sampling = config.sampling();
        int batch = sampling.prompts().size();
        Shape shape = data.latentShape(batch);
        NDArray prompts = data.encode(scratch, sampling.prompts());
        long[] empty = new long[batch];
        Arrays.fill(empty, data.emptyCaption());
        NDArray context = data.context(scratch, empty).concat(prompts); // (2B, T, D)
        float[] start = Seeds.normal(Seeds.of(seed, 0), (int) shape.size());
        NDArray x = scratch.create(start, shape);
        for (Step step : ddim.trajectory(sampling.steps()).steps()) {
            try (NDManager made = scratch.newSubManager()) {
                float[] timesteps = new float[2 * batch];
                Arrays.fill(timesteps, (float) step.timestep());
                x.attach(made);
                NDList outputs = average.forward(x.concat(x), made.create(timesteps), context.duplicate())
                        .split(2);
                NDArray unconditional = outputs.get(0);
                NDArray guided = outputs.get(1).sub(unconditional).mul((float) sampling.guidance());
                NDArray output = unconditional.add(guided);
                NDArray x0 = combine(step.x0(), x, x, output);
                x = made.ret(combine(step.next().getFirst(), x, x0, output));
            }
        }
        return x;
    }

    private static NDArray combine(Linear row, NDArray x, NDArray x0, NDArray output) {
        return x.mul((float) row.x()).add(x0.mul((float) row.x0())).add(output.mul((float) row.output()));
    }

    @Override
    public void export(NDManager scratch, Path folder) throws IOException {
        Map<String, NDArray> tensors = new LinkedHashMap<>(averages.tensors());
        DiffusersFolder.writeModel(folder.resolve("unet"), "UNet2DConditionModel", config.model(), tensors);
        DiffusersFolder.writePipeline(folder, config.scheduler());
    }
}
