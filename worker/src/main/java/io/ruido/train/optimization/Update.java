package io.ruido.train.optimization;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.ruido.train.recipe.Optimization;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * One optimizer's part of a step. A stage that trains against a discriminator has two, which follow each other in every step.
 *
 * @param name for logs and metrics
 * @param trains which tensors it changes, by name; no tensor is changed by two
 */
public record Update(String name, Predicate<String> trains, Optimization optimization, Loss loss) {
    /** A loss of one step, see {@link Stage#loss}. */
    @FunctionalInterface
    public interface Loss {
        NDArray of(NDManager scratch, int step, RandomGenerator random);
    }
}
