package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.model.unet.UNetConfig;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.data.Examples;
import io.ruido.train.data.Rounds;
import io.ruido.train.data.Seeds;
import io.ruido.train.data.TrainingSet;
import io.ruido.train.optimization.Stage;
import io.ruido.train.optimization.Work;
import io.ruido.train.recipe.DistillationConfig;
import io.ruido.train.recipe.Optimization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Distils a teacher into a model of few steps, see {@link ConsistencyLoss}. */
final class ConsistencyStage implements Stage {
    private static final int MEASURED = 32;

    private final DistillationConfig config;
    private final ObjectNode shape;
    private final TrainingSet data;
    private final long seed;
    private final ConsistencyLoss consistency;
    private final Rounds rounds;
    private UNet2DConditionModel model;
    private UNet2DConditionModel average;
    private Weights averages;

    /** @param shape settings of the new model */
    ConsistencyStage(DistillationConfig config, ObjectNode shape, Teacher teacher, TrainingSet data, long seed) {
        this.config = config;
        this.shape = shape;
        this.data = data;
        this.seed = seed;
        var process = new ForwardProcess(config.scheduler(), 0);
        this.consistency =
                new ConsistencyLoss(teacher, process, config.consistency().huber());
        this.rounds = new Rounds(seed, data.count());
    }

    @Override
    public String name() {
        return "consistency";
    }

    @Override
    public Optimization optimization() {
        return config.consistency().optimization();
    }

    @Override
    public void build(Weights weights, Weights averages) {
        this.model = new UNet2DConditionModel(UNetConfig.of(shape), weights);
        this.average = new UNet2DConditionModel(UNetConfig.of(shape), averages);
        this.averages = averages;
    }

    /** Counts the model forward and backward, its average, and the teacher with and without the text. */
    @Override
    public double workAt(int step) {
        return 6
                * batchAt(step)
                * Work.forward(averages.tensors(), data.latentsAt(step).side(), data.tokens());
    }

    @Override
    public NDArray loss(NDManager scratch, int step, RandomGenerator random) {
        return loss(model, scratch, data.latentsAt(step), rounds.batch(step, batchAt(step)), random);
    }

    private NDArray loss(
            UNet2DConditionModel unet, NDManager scratch, Examples latents, int[] images, RandomGenerator random) {
        int grid = config.consistency().grid(), stride = consistency.process().trainSteps() / grid;
        int[] from = new int[images.length], to = new int[images.length];
        for (int b = 0; b < images.length; b++) {
            int place = 1 + random.nextInt(grid);
            from[b] = place * stride - 1;
            to[b] = Math.max(0, from[b] - stride);
        }
        NDArray x0 = latents.tensor(scratch, images);
        Shape all = x0.getShape();
        NDArray eps = Torch.tensor(scratch, Seeds.normal(random, (int) all.size()), all);
        return consistency.of(unet, average, x0, eps, from, to, data.captions(scratch, images, random));
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
        DiffusersFolder.writeModel(folder.resolve("unet"), "UNet2DConditionModel", shape, averages.tensors());
        DiffusersFolder.writeTextToImage(folder, shape, config.scheduler());
    }
}
