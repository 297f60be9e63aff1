package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.model.wan.WanConfig;
import io.ruido.model.wan.WanDenoiser;
import io.ruido.model.wan.WanTransformer3DModel;
import io.ruido.tensor.Weights;
import io.ruido.train.data.ClipTrainingSet;
import io.ruido.train.data.Examples;
import io.ruido.train.data.Rounds;
import io.ruido.train.data.Seeds;
import io.ruido.train.optimization.ClipWork;
import io.ruido.train.optimization.Stage;
import io.ruido.train.recipe.ClipsConfig;
import io.ruido.train.recipe.Optimization;
import io.ruido.train.recipe.TrainConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Trains Wan's transformer to predict the velocity of latents of clips: "Flow Matching for Generative Modeling" (Lipman
 * et al. 2023), with dropped captions for guidance (Ho and Salimans 2022). Sizes and lengths of clips take turns. Some
 * clips keep their first frame, so that the model can continue an image, like the model of Wan 2.2 with 5 billion
 * weights.
 *
 * <p>B batch, L latent channels, f frames of the latents, h and w their sides, T states of a text.
 */
final class ClipDenoiserStage implements Stage {
    private static final int MEASURED = 16;

    private final ClipsConfig.Denoiser config;
    private final ClipTrainingSet data;
    private final long seed;
    private final ForwardProcess process;
    private final List<Rounds> rounds;
    private final int[] patches; // of a clip, by turn
    private final int pixelsOfPatch;
    private Denoiser model;
    private Denoiser average;
    private Weights averages;

    ClipDenoiserStage(ClipsConfig.Denoiser config, ClipTrainingSet data, long seed) {
        this.config = config;
        this.data = data;
        this.seed = seed;
        this.process = new ForwardProcess(config.scheduler(), 0);
        this.rounds = IntStream.range(0, data.turns())
                .mapToObj(turn -> new Rounds(seed + turn, data.latents(turn).count()))
                .toList();
        List<Integer> patch = WanConfig.of(config.model()).patchSize();
        if (patch.getFirst() != 1) {
            throw new IllegalArgumentException("clips.denoiser.model.patch_size must begin with 1, was " + patch);
        }
        pixelsOfPatch = patch.get(1) * patch.get(2);
        this.patches = IntStream.range(0, data.turns())
                .map(turn -> {
                    Shape one = data.latents(turn).shape(1);
                    return (int) (one.size() / one.get(1) / pixelsOfPatch);
                })
                .toArray();
    }

    @Override
    public String name() {
        return "denoiser";
    }

    @Override
    public Optimization optimization() {
        return config.optimization();
    }

    @Override
    public void build(Weights weights, Weights averages) {
        this.model = denoiser(weights);
        this.average = denoiser(averages);
        this.averages = averages;
        InitialWeights.applyToDenoiser(weights.tensors());
        InitialWeights.applyToDenoiser(averages.tensors());
    }

    private Denoiser denoiser(Weights weights) {
        return new WanDenoiser(
                WanTransformer3DModel.NETWORK.builder().build(config.model(), weights), Optional.empty(), 0);
    }

    private int turn(int step) {
        return step % data.turns();
    }

    /** Chooses the batch so that each step has about as many patches. */
    @Override
    public int batchAt(int step) {
        int most = IntStream.of(patches).max().orElseThrow();
        return Math.max(1, optimization().batch() * most / patches[turn(step)]);
    }

    @Override
    public double workAt(int step) {
        int tokens = data.captions().tokens();
        return 3 * batchAt(step) * ClipWork.transformer(averages.tensors(), patches[turn(step)], tokens);
    }

    @Override
    public NDArray loss(NDManager scratch, int step, RandomGenerator random) {
        int turn = turn(step);
        int[] clips = rounds.get(turn).batch(step / data.turns(), batchAt(step));
        return loss(model, scratch, data.latents(turn), clips, random);
    }

    private NDArray loss(Denoiser denoiser, NDManager scratch, Examples latents, int[] clips, RandomGenerator random) {
        ForwardProcess.Batch batch = new FirstFrames(config.firstFrames(), pixelsOfPatch)
                .keep(process.draw(scratch, latents, clips, random), latents.tensor(scratch, clips), random);
        NDArray captions = data.captions().captions(scratch, clips, random); // (B, T, D)
        return batch.loss(denoiser.forward(batch.x(), batch.timesteps(), Conditioning.ofStates(captions)));
    }

    /** Each prompt is drawn as a row of frames. */
    @Override
    public Map<String, Double> evaluate(NDManager scratch, Path grid) throws IOException {
        try (NDManager drawn = scratch.newSubManager()) {
            draw(drawn, grid);
        }
        Examples latents = data.latents(0);
        RandomGenerator random = Seeds.of(~seed, 0);
        int[] clips = random.ints(MEASURED, 0, latents.count()).toArray();
        try (NDManager measured = scratch.newSubManager()) {
            return Map.of("loss", (double)
                    loss(average, measured, latents, clips, random).getFloat());
        }
    }

    private void draw(NDManager scratch, Path grid) throws IOException {
        TrainConfig.Sampling sampling = config.sampling();
        Shape one = data.latents(0).shape(1);
        SchedulerConfig scheduler = SchedulerConfig.of(config.scheduler());
        NDArray context = data.captions().encode(scratch, sampling.prompts()); // (B, T, D)
        var guided = new Guided(average, sampling.guidance(), data.captions().empty(scratch, 1));
        List<float[]> latents = Drawing.run(
                scratch,
                SamplerName.defaultFor(scheduler).sampler(scheduler).trajectory(sampling.steps()),
                sampling.prompts().size(),
                seed,
                one,
                (x, timesteps) -> guided.forward(x, x.getManager().create(timesteps), context.duplicate()));
        NDArray clips = data.decode(Drawing.tensor(scratch, latents, one)); // (B, 3, T, H, W)
        ClipsConfig.Clip geometry = data.geometry(0);
        float[] byFrame = clips.transpose(0, 2, 1, 3, 4).toFloatArray();
        Grid.write(grid, byFrame, geometry.size(), geometry.frames());
    }

    @Override
    public void export(NDManager scratch, Path folder) throws IOException {
        DiffusersFolder.writeModel(
                folder.resolve("transformer"),
                WanTransformer3DModel.NETWORK.className(),
                config.model(),
                averages.tensors());
        DiffusersFolder.writeTextToClip(folder, config.scheduler(), config.firstFrames() > 0);
    }
}
