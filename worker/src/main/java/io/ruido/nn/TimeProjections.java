package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import io.ruido.tensor.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The projections of a timestep's embedding to the residual blocks of a model. All are given the same, so that where weights
 * are packed one product does the work of all.
 */
public final class TimeProjections {
    private final Weights weights;
    private final Optional<Activation> activation;
    private final List<Long> ends = new ArrayList<>(); // of each one's results where all are side by side
    private List<Linear> layers = new ArrayList<>();

    /** @param activation that the embedding passes before */
    public TimeProjections(Weights weights, Optional<Activation> activation) {
        this.weights = weights;
        this.activation = activation;
    }

    /**
     * Adds one.
     *
     * @param layer its weights
     * @return its place among the results
     */
    public int add(Weights layer, long in, long out) {
        layers.add(Linear.read(layer, in, out, true));
        ends.add(ends.isEmpty() ? out : ends.getLast() + out);
        return layers.size() - 1;
    }

    /** Joins the projections; called once after all have been added. */
    public void join() {
        if (!layers.isEmpty()) {
            layers = Linear.joined(weights, layers);
        }
    }

    /** The embedding (B, D) for each block: (B, out). */
    public NDList forward(NDArray temb) {
        if (layers.isEmpty()) {
            return new NDList();
        }
        NDArray activated = activation.map(function -> function.forward(temb)).orElse(temb);
        if (layers.getLast().weight().isEmpty()) {
            long[] cuts =
                    ends.stream().limit(ends.size() - 1L).mapToLong(end -> end).toArray();
            return layers.getFirst().forward(activated).split(cuts, 1);
        }
        NDList each = new NDList();
        layers.forEach(layer -> each.add(layer.forward(activated)));
        return each;
    }
}
