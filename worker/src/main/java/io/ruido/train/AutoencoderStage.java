package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.autoencoder.AutoencoderKLConfig;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.adversarial.AdversarialLoss;
import io.ruido.train.adversarial.ConvFeatures;
import io.ruido.train.adversarial.Discriminator;
import io.ruido.train.data.ImageFolder;
import io.ruido.train.data.Images;
import io.ruido.train.data.Seeds;
import io.ruido.train.optimization.Stage;
import io.ruido.train.optimization.Update;
import io.ruido.train.optimization.Work;
import io.ruido.train.recipe.AdversaryConfig;
import io.ruido.train.recipe.Optimization;
import io.ruido.train.recipe.TrainConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Trains an AutoencoderKL: L1 of pixels and of their differences to the neighbours, a small KL divergence, and
 * optionally the loss of a discriminator.
 *
 * <p>B batch, S side of a crop, L latent channels.
 */
public final class AutoencoderStage implements Stage {
    private static final int SHOWN = 8;
    private static final int EVALUATION_BATCH = 8;
    private static final int CALIBRATION = 256;

    private final TrainConfig.Autoencoder config;
    private final int size;
    private final List<ImageFolder.Image> training;
    private final List<ImageFolder.Image> heldOut;
    private AutoencoderKL model;
    private AutoencoderKL average;
    private Optional<AdversarialLoss> adversary;
    private DiscriminatorBatch discriminatorBatch;
    private Weights averages;

    /** @param size side of the images in pixels */
    AutoencoderStage(TrainConfig.Autoencoder config, int size, List<ImageFolder.Image> images) {
        this.config = config;
        this.size = size;
        this.training = ImageFolder.training(images, config.heldOut());
        this.heldOut = ImageFolder.heldOut(images, config.heldOut());
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
    public TrainConfig.Precision precision() {
        return config.precision();
    }

    @Override
    public void build(Weights weights, Weights averages) {
        AutoencoderKLConfig shape = AutoencoderKLConfig.of(config.model());
        this.model = new AutoencoderKL(shape, weights);
        this.average = new AutoencoderKL(shape, averages);
        this.averages = averages;
        this.adversary =
                Optional.ofNullable(config.adversarial()).map(settings -> adversary(settings.discriminator(), weights));
        adversary.ifPresent(_ -> adversary(config.adversarial().discriminator(), averages));
        for (Weights fresh : List.of(weights, averages)) {
            InitialWeights.applyToAutoencoder(fresh.tensors(), model.config().latentChannels());
        }
    }

    private AdversarialLoss adversary(AdversaryConfig settings, Weights weights) {
        Weights own = weights.at(Discriminator.NAME);
        var features = new ConvFeatures(
                own.at("features"), 3, settings.widths(), config.precision().type());
        return new AdversarialLoss(new Discriminator(own, features, 0), settings.penalty(), settings.sigma());
    }

    /** Images and reconstructions of a step, for the update of the discriminator. */
    private record DiscriminatorBatch(NDArray real, NDArray fake) {}

    @Override
    public boolean trains(String name) {
        return config.learns().trains(name);
    }

    @Override
    public List<Update> updates() {
        var own = new Update(name(), name -> exports(name) && trains(name), optimization(), this::loss);
        if (config.adversarial() == null) {
            return List.of(own);
        }
        Optimization its = optimization()
                .withLearningRate(config.adversarial().discriminator().learningRate());
        return List.of(own, new Update(Discriminator.NAME, name -> !exports(name), its, this::discriminatorLoss));
    }

    @Override
    public boolean exports(String name) {
        return !name.startsWith(Discriminator.NAME + ".");
    }

    private Map<String, NDArray> exported() {
        Map<String, NDArray> tensors = new LinkedHashMap<>(averages.tensors());
        tensors.keySet().removeIf(name -> !exports(name));
        return tensors;
    }

    @Override
    public int batchAt(int step) {
        int side = sideAt(step);
        return Math.max(1, optimization().batch() * config.crop() * config.crop() / (side * side));
    }

    @Override
    public double workAt(int step) {
        return 3 * batchAt(step) * Work.forward(exported(), sideAt(step), 0);
    }

    private int sideAt(int step) {
        return step < config.wholeFrom() * optimization().steps() ? config.crop() : size;
    }

    @Override
    public NDArray loss(NDManager scratch, int step, RandomGenerator random) {
        NDArray x = crops(scratch, batchAt(step), sideAt(step), random); // (B, 3, S, S)
        AutoencoderKL.Posterior q = encode(x);
        NDArray noise = Torch.tensor(
                scratch, Seeds.normal(random, (int) q.mean().size()), q.mean().getShape());
        NDArray y = decode(q.mean().add(Ops.scale(q.logvar(), 0.5).exp().mul(noise)));
        NDArray loss = new ReconstructionLoss(config.squaredLoss(), config.gradientLoss(), config.kl()).of(x, y, q);
        discriminatorBatch = new DiscriminatorBatch(x, y.stopGradient());
        double weight = adversary.isPresent() ? adversarialAt(step) : 0;
        return weight == 0
                ? loss
                : loss.add(Ops.scale(adversary.get().generator(x, y, Ops.none(), Ops.none()), weight));
    }

    private NDArray discriminatorLoss(NDManager scratch, int step, RandomGenerator random) {
        Shape shape = discriminatorBatch.real().getShape();
        Shape twice = new Shape(2 * shape.get(0), shape.get(1), shape.get(2), shape.get(3));
        NDArray noise = Torch.tensor(scratch, Seeds.normal(random, (int) twice.size()), twice);
        return adversary
                .orElseThrow()
                .discriminator(discriminatorBatch.real(), discriminatorBatch.fake(), Ops.none(), Ops.none(), noise);
    }

    /** Returns 0 at first, while the discriminator learns from easily recognized reconstructions. */
    private double adversarialAt(int step) {
        TrainConfig.Adversarial settings = config.adversarial();
        return step < settings.from() * optimization().steps() ? 0 : settings.weight();
    }

    private AutoencoderKL.Posterior encode(NDArray x) {
        AutoencoderKL.Posterior q = model.encode(Ops.cast(x, config.precision().type()));
        return new AutoencoderKL.Posterior(
                Ops.cast(q.mean(), DataType.FLOAT32), Ops.cast(q.logvar(), DataType.FLOAT32));
    }

    private NDArray decode(NDArray z) {
        return Ops.cast(model.decode(Ops.cast(z, config.precision().type())), DataType.FLOAT32);
    }

    private NDArray crops(NDManager scratch, int batch, int side, RandomGenerator random) {
        float[] pixels = new float[batch * 3 * side * side];
        int at = 0;
        for (int b = 0; b < batch; b++) {
            byte[] planes = training.get(random.nextInt(training.size())).planes();
            int top = random.nextInt(size - side + 1), left = random.nextInt(size - side + 1);
            boolean flip = config.flip() && random.nextBoolean();
            for (int row = 0; row < 3 * side; row++) {
                int start = (row / side * size + top + row % side) * size + left;
                for (int x = 0; x < side; x++) {
                    pixels[at++] = Images.level(planes[start + (flip ? side - 1 - x : x)]);
                }
            }
        }
        return Torch.tensor(scratch, pixels, new Shape(batch, 3, side, side));
    }

    @Override
    public Map<String, Double> evaluate(NDManager scratch, Path grid) throws IOException {
        float[] shown = new float[2 * SHOWN * 3 * size * size];
        double sum = 0;
        for (int from = 0; from < heldOut.size(); from += EVALUATION_BATCH) {
            try (NDManager batch = scratch.newSubManager()) {
                NDArray x = whole(batch, heldOut, from);
                NDArray y = average.decode(average.encode(x).mean()).clip(-1, 1);
                NDArray mse = y.sub(x)
                        .div(2)
                        .square()
                        .reshape(x.getShape().get(0), -1)
                        .mean(new int[] {1}); // (B)
                for (float error : mse.toFloatArray()) {
                    sum -= 10 * Math.log10(error);
                }
                if (from == 0) {
                    float[] original = x.toFloatArray(), decoded = y.toFloatArray();
                    System.arraycopy(original, 0, shown, 0, original.length);
                    System.arraycopy(decoded, 0, shown, shown.length / 2, decoded.length);
                }
            }
        }
        Grid.write(grid, shown, size, SHOWN);
        return Map.of("psnr", sum / heldOut.size());
    }

    private NDArray whole(NDManager manager, List<ImageFolder.Image> images, int from) {
        int count = Math.min(EVALUATION_BATCH, images.size() - from);
        float[] pixels = new float[count * 3 * size * size];
        int at = 0;
        for (ImageFolder.Image image : images.subList(from, from + count)) {
            for (byte value : image.planes()) {
                pixels[at++] = Images.level(value);
            }
        }
        return manager.create(pixels, new Shape(count, 3, size, size));
    }

    @Override
    public void export(NDManager scratch, Path folder) throws IOException {
        Map<String, NDArray> tensors = exported();
        if (config.learns() == TrainConfig.Learns.ALL) {
            tensors.putAll(standardized(scratch));
        }
        DiffusersFolder.writeModel(folder.resolve("vae"), "AutoencoderKL", config.model(), tensors);
    }

    /**
     * The two 1×1 convolutions around the latents, changed so that each latent channel has mean 0 and variance 1 over
     * the training images while every reconstruction stays what it was.
     */
    private Map<String, NDArray> standardized(NDManager scratch) {
        int channels = average.config().latentChannels();
        NDList means = new NDList();
        int count = Math.min(CALIBRATION, training.size());
        for (int from = 0; from < count; from += EVALUATION_BATCH) {
            try (NDManager batch = scratch.newSubManager()) {
                NDArray mean = average.encode(whole(batch, training.subList(0, count), from))
                        .mean();
                NDArray byChannel = mean.transpose(1, 0, 2, 3).reshape(channels, -1); // (L, B·h·w)
                byChannel.attach(scratch);
                means.add(byChannel);
            }
        }
        NDArray all = NDArrays.concat(means, 1);
        NDArray mu = all.mean(new int[] {1}); // (L)
        NDArray sigma =
                all.sub(mu.reshape(channels, 1)).square().mean(new int[] {1}).sqrt(); // (L)
        NDArray half = scratch.ones(new Shape(channels));
        NDArray scale = half.div(sigma).concat(half).reshape(2 * channels, 1, 1, 1);
        NDArray shift = mu.div(sigma).concat(sigma.log().mul(2));
        NDArray weight = copy(scratch, "quant_conv.weight"), bias = copy(scratch, "quant_conv.bias");
        NDArray postWeight = copy(scratch, "post_quant_conv.weight"), postBias = copy(scratch, "post_quant_conv.bias");
        NDArray pixel = postWeight.reshape(channels, channels).matMul(mu.reshape(channels, 1));
        return Map.of(
                "quant_conv.weight", weight.mul(scale),
                "quant_conv.bias", bias.mul(scale.reshape(2 * channels)).sub(shift),
                "post_quant_conv.weight", postWeight.mul(sigma.reshape(1, channels, 1, 1)),
                "post_quant_conv.bias", postBias.add(pixel.reshape(channels)));
    }

    private NDArray copy(NDManager scratch, String name) {
        NDArray tensor = averages.tensors().get(name).duplicate();
        tensor.attach(scratch);
        return tensor;
    }
}
