package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.model.Network;
import io.ruido.model.transformer.PixArtTransformer2DModel;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import io.ruido.train.data.Examples;
import io.ruido.train.data.Rounds;
import io.ruido.train.data.Seeds;
import io.ruido.train.data.TrainingSet;
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
 * Trains a U-Net or a transformer to denoise latents: "Denoising Diffusion Probabilistic Models" (Ho et al. 2020),
 * algorithm 1, with text by cross-attention (Rombach et al. 2021, §3.3) and dropped captions for guidance (Ho and
 * Salimans 2022).
 *
 * <p>B batch, L latent channels, h side of the latents, T tokens, D width of a token.
 */
final class DenoiserStage implements Stage {
    private static final List<Network<? extends Denoiser>> NETWORKS =
            List.of(UNet2DConditionModel.NETWORK, PixArtTransformer2DModel.NETWORK);
    private static final int MEASURED = 64;

    private final TrainConfig.Denoiser config;
    private final TrainingSet data;
    private final long seed;
    private final ForwardProcess process;
    private final Rounds rounds;
    private Denoiser model;
    private Denoiser average;
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
    public Optimization optimization() {
        return config.optimization();
    }

    @Override
    public TrainConfig.Precision precision() {
        return config.precision();
    }

    @Override
    public void build(Weights weights, Weights averages) {
        this.model = network().builder().build(config.model(), weights);
        this.average = network().builder().build(config.model(), averages);
        this.averages = averages;
        InitialWeights.applyToDenoiser(weights.tensors());
        InitialWeights.applyToDenoiser(averages.tensors());
    }

    private Network<? extends Denoiser> network() {
        String className = DiffusersFolder.denoiserClass(config.model());
        return NETWORKS.stream()
                .filter(network -> network.className().equals(className))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("denoiser.model._class_name must be one of %s, was %s"
                        .formatted(NETWORKS.stream().map(Network::className).toList(), className)));
    }

    @Override
    public double workAt(int step) {
        int side = data.latentsAt(step).side();
        return 3 * batchAt(step) * Work.forward(averages.tensors(), side, data.tokens());
    }

    @Override
    public NDArray loss(NDManager scratch, int step, RandomGenerator random) {
        int[] images = rounds.batch(step, batchAt(step));
        return loss(model, scratch, data.latentsAt(step), images, random);
    }

    private NDArray loss(Denoiser denoiser, NDManager scratch, Examples latents, int[] images, RandomGenerator random) {
        ForwardProcess.Batch batch = process.draw(scratch, latents, images, random);
        NDArray captions = data.captions(scratch, images, random); // (B, T, D)
        DataType type = config.precision().type();
        return batch.loss(denoiser.forward(
                Ops.cast(batch.x(), type), batch.timesteps(), Conditioning.ofStates(Ops.cast(captions, type))));
    }

    @Override
    public Map<String, Double> evaluate(NDManager scratch, Path grid) throws IOException {
        new PromptGrid(data, config.sampling(), config.scheduler(), seed).write(scratch, average, grid);
        RandomGenerator random = Seeds.of(~seed, 0);
        int[] images = random.ints(MEASURED, 0, data.count()).toArray();
        try (NDManager measured = scratch.newSubManager()) {
            return Map.of("loss", (double)
                    loss(average, measured, data.latents(), images, random).getFloat());
        }
    }

    @Override
    public void export(NDManager scratch, Path folder) throws IOException {
        DiffusersFolder.writeModel(
                folder.resolve(DiffusersFolder.denoiserPart(config.model())),
                network().className(),
                config.model(),
                averages.tensors());
        DiffusersFolder.writeTextToImage(folder, config.model(), config.scheduler());
    }
}
