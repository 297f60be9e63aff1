package io.ruido.train.optimization;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.ruido.tensor.Weights;
import io.ruido.train.recipe.Optimization;
import io.ruido.train.recipe.TrainConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** What is trained, such as the autoencoder or the denoiser. */
public interface Stage {
    String name();

    Optimization optimization();

    /** Builds the trained model over its weights, and a second one over their moving average. */
    void build(Weights weights, Weights averages);

    /** Whether a tensor of the model is trained, or stays as the model begins. */
    default boolean trains(String name) {
        return true;
    }

    /** Whether a tensor is part of the exported model, or only helps to train it. */
    default boolean exports(String name) {
        return true;
    }

    /** The optimizers' parts of a step, the model's own first. */
    default List<Update> updates() {
        return List.of(new Update(name(), this::trains, optimization(), this::loss));
    }

    /** How many pictures the step takes. */
    default int batchAt(int step) {
        return optimization().batch();
    }

    /** Floating-point operations of the step's convolutions and projections, forward and backward. */
    double workAt(int step);

    /** The type in which the network computes. */
    TrainConfig.Precision precision();

    /**
     * The loss of one step.
     *
     * @param scratch owns what the step needs and is closed after it
     * @param random seeded by the step: a resumed run draws what an uninterrupted one would
     * @return one number, with its gradient
     */
    NDArray loss(NDManager scratch, int step, RandomGenerator random);

    /**
     * Draws a grid of samples with the averaged weights.
     *
     * @return measures by name
     */
    Map<String, Double> evaluate(NDManager scratch, Path picture) throws IOException;

    /** Writes the averaged weights as part of a diffusers folder. */
    void export(NDManager scratch, Path folder) throws IOException;
}
