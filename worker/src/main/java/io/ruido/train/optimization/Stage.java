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

/** A stage of a training, such as the autoencoder or the denoiser. */
public interface Stage {
    String name();

    Optimization optimization();

    /** Builds the trained model over its weights, and a second one over their moving average. */
    void build(Weights weights, Weights averages);

    /** Returns whether a tensor of the model is trained, or keeps its initial values. */
    default boolean trains(String name) {
        return true;
    }

    /** Returns whether a tensor is part of the exported model, or is used for training only. */
    default boolean exports(String name) {
        return true;
    }

    /** Returns the optimizers' updates in a step, the model's own first. */
    default List<Update> updates() {
        return List.of(new Update(name(), this::trains, optimization(), this::loss));
    }

    /** Returns the number of examples in a step. */
    default int batchAt(int step) {
        return optimization().batch();
    }

    /**
     * Returns the number of floating-point operations of a step's convolutions and projections, forward and backward.
     */
    double workAt(int step);

    /** Returns the type in which the network computes. */
    default TrainConfig.Precision precision() {
        return TrainConfig.Precision.FLOAT32;
    }

    /**
     * The loss of one step.
     *
     * @param scratch owns what the step needs and is closed after it
     * @param random seeded by the step: a resumed run draws what an uninterrupted one would
     * @return one number, with its gradient
     */
    NDArray loss(NDManager scratch, int step, RandomGenerator random);

    /**
     * Draws samples with the averaged weights, and measures them.
     *
     * @param grid PNG file for the samples
     * @return measures by name, or none
     */
    Map<String, Double> evaluate(NDManager scratch, Path grid) throws IOException;

    /** Writes the averaged weights as part of a diffusers folder. */
    void export(NDManager scratch, Path folder) throws IOException;
}
