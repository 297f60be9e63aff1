package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.model.Conditioning;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.model.unet.UNetConfig;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.adversarial.AdversarialLoss;
import io.ruido.train.adversarial.ConvFeatures;
import io.ruido.train.adversarial.Discriminator;
import io.ruido.train.adversarial.FeatureMaps;
import io.ruido.train.adversarial.UNetFeatures;
import io.ruido.train.data.Rounds;
import io.ruido.train.data.Seeds;
import io.ruido.train.data.TrainingSet;
import io.ruido.train.optimization.Stage;
import io.ruido.train.optimization.Update;
import io.ruido.train.optimization.Work;
import io.ruido.train.recipe.AdversaryConfig;
import io.ruido.train.recipe.Optimization;
import io.ruido.train.recipe.TrainConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Trains a generator of latents against a discriminator. With a teacher it is adversarial diffusion distillation (Sauer
 * et al. 2023, arXiv:2311.17042) on latents (Sauer et al. 2024, arXiv:2403.12015): the generator predicts from its own
 * samples at a few timesteps, and the discriminator gets the teacher's features of noisy latents. Without a teacher and
 * with one timestep, this is a GAN.
 *
 * <p>B batch, C channels, H and W sides of the latents.
 */
final class AdversarialStage implements Stage {
    private final Settings settings;
    private final TrainingSet data;
    private final long seed;
    private final ForwardProcess process;
    private final Rounds rounds;
    private UNet2DConditionModel model;
    private UNet2DConditionModel average;
    private AdversarialLoss adversary;
    private Weights averages;
    private DiscriminatorBatch discriminatorBatch;

    /**
     * The settings of the stage.
     *
     * @param name name of the stage
     * @param shape settings of the generator
     * @param scheduler noise schedule and prediction type, also for serving
     * @param timesteps timesteps of the generator, the noisiest first
     * @param distillation loss towards a teacher, whose features the discriminator then uses
     */
    record Settings(
            String name,
            ObjectNode shape,
            ObjectNode scheduler,
            TrainConfig.Sampling sampling,
            List<Integer> timesteps,
            AdversaryConfig discriminator,
            Optimization optimization,
            Optional<DistillationLoss> distillation) {}

    /** Real and generated samples of a step, for the update of the discriminator. */
    private record DiscriminatorBatch(NDArray real, NDArray fake, NDArray states) {}

    AdversarialStage(Settings settings, TrainingSet data, long seed) {
        this.settings = settings;
        this.data = data;
        this.seed = seed;
        this.process = new ForwardProcess(settings.scheduler(), 0);
        this.rounds = new Rounds(seed, data.count());
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public Optimization optimization() {
        return settings.optimization();
    }

    @Override
    public void build(Weights weights, Weights averages) {
        UNetConfig shape = UNetConfig.of(settings.shape());
        this.model = new UNet2DConditionModel(shape, weights);
        this.average = new UNet2DConditionModel(shape, averages);
        this.averages = averages;
        InitialWeights.applyToDenoiser(weights.tensors());
        InitialWeights.applyToDenoiser(averages.tensors());
        this.adversary = new AdversarialLoss(
                discriminator(weights.at(Discriminator.NAME)),
                settings.discriminator().penalty(),
                settings.discriminator().sigma());
        discriminator(averages.at(Discriminator.NAME));
    }

    private Discriminator discriminator(Weights weights) {
        FeatureMaps features = settings.distillation().isPresent()
                ? new UNetFeatures(settings.distillation().get().teacher().unet())
                : new ConvFeatures(
                        weights.at("features"),
                        model.config().outChannels(),
                        settings.discriminator().widths(),
                        DataType.FLOAT32);
        return new Discriminator(weights, features, model.config().crossAttentionDim());
    }

    @Override
    public boolean trains(String name) {
        return exports(name);
    }

    @Override
    public boolean exports(String name) {
        return !name.startsWith(Discriminator.NAME + ".");
    }

    @Override
    public List<Update> updates() {
        return List.of(
                new Update(name(), this::exports, optimization(), this::loss),
                new Update(
                        Discriminator.NAME,
                        name -> !exports(name),
                        optimization().withLearningRate(settings.discriminator().learningRate()),
                        this::discriminatorLoss));
    }

    /** Counts the generator forward and backward, the features, and the teacher. */
    @Override
    public double workAt(int step) {
        double once = Work.forward(exported(), data.latentsAt(step).side(), data.tokens());
        double rollout = (settings.timesteps().size() - 1) / 2.0;
        return (3 + rollout + (settings.distillation().isPresent() ? 5 : 0)) * batchAt(step) * once;
    }

    @Override
    public NDArray loss(NDManager scratch, int step, RandomGenerator random) {
        int[] images = rounds.batch(step, batchAt(step));
        NDArray states = data.captions(scratch, images, random);
        NDArray real = data.latentsAt(step).tensor(scratch, images);
        NDArray fake = generate(states, real.getShape(), random);
        discriminatorBatch = new DiscriminatorBatch(real, fake.stopGradient(), states);
        int[] t = noiseLevels(images.length, random);
        NDArray loss = adversary.generator(
                noisy(real, t, random), noisy(fake, t, random), ForwardProcess.tensor(scratch, t), states);
        return settings.distillation().isEmpty()
                ? loss
                : loss.add(distance(settings.distillation().get(), fake, states, random));
    }

    /** Generates samples from noise or from the generator's own samples, at one random timestep for the whole batch. */
    private NDArray generate(NDArray states, Shape shape, RandomGenerator random) {
        int last = random.nextInt(settings.timesteps().size());
        NDArray x = normal(states.getManager(), shape, random);
        for (int i = 0; i < last; i++) {
            NDArray x0 = x0(average, x, settings.timesteps().get(i), states);
            x = process.noisy(
                    x0,
                    normal(x.getManager(), shape, random),
                    same(shape, settings.timesteps().get(i + 1)));
        }
        return x0(model, x, settings.timesteps().get(last), states);
    }

    private NDArray x0(UNet2DConditionModel unet, NDArray x, int timestep, NDArray states) {
        int[] t = same(x.getShape(), timestep);
        NDArray output = unet.forward(x, ForwardProcess.tensor(x.getManager(), t), Conditioning.ofStates(states));
        return process.x0(x, output, t);
    }

    private static int[] same(Shape shape, int timestep) {
        int[] t = new int[(int) shape.get(0)];
        Arrays.fill(t, timestep);
        return t;
    }

    /** Draws the noise levels of the discriminator's inputs. Without a teacher's features, they have no noise. */
    private int[] noiseLevels(int batch, RandomGenerator random) {
        return settings.distillation().isPresent()
                ? random.ints(batch, 0, process.trainSteps()).toArray()
                : new int[batch];
    }

    private NDArray noisy(NDArray x, int[] t, RandomGenerator random) {
        return settings.distillation().isPresent()
                ? process.noisy(x, normal(x.getManager(), x.getShape(), random), t)
                : x;
    }

    private NDArray distance(DistillationLoss distillation, NDArray fake, NDArray states, RandomGenerator random) {
        int[] t = noiseLevels((int) fake.getShape().get(0), random);
        return distillation.of(fake, normal(fake.getManager(), fake.getShape(), random), t, states);
    }

    private NDArray discriminatorLoss(NDManager scratch, int step, RandomGenerator random) {
        NDArray real = discriminatorBatch.real();
        Shape shape = real.getShape();
        int[] t = noiseLevels((int) shape.get(0), random);
        NDArray noise = normal(scratch, new Shape(2 * shape.get(0), shape.get(1), shape.get(2), shape.get(3)), random);
        return adversary.discriminator(
                noisy(real, t, random),
                noisy(discriminatorBatch.fake(), t, random),
                ForwardProcess.tensor(scratch, t),
                discriminatorBatch.states(),
                noise);
    }

    private static NDArray normal(NDManager manager, Shape shape, RandomGenerator random) {
        return Torch.tensor(manager, Seeds.normal(random, (int) shape.size()), shape);
    }

    @Override
    public Map<String, Double> evaluate(NDManager scratch, Path grid) throws IOException {
        new PromptGrid(data, settings.sampling(), settings.scheduler(), seed).write(scratch, average, grid);
        return Map.of();
    }

    private Map<String, NDArray> exported() {
        Map<String, NDArray> tensors = new LinkedHashMap<>(averages.tensors());
        tensors.keySet().removeIf(name -> !exports(name));
        return tensors;
    }

    @Override
    public void export(NDManager scratch, Path folder) throws IOException {
        DiffusersFolder.writeModel(folder.resolve("unet"), "UNet2DConditionModel", settings.shape(), exported());
        DiffusersFolder.writeTextToImage(folder, settings.shape(), settings.scheduler());
    }
}
