package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import io.ruido.adapter.Adapters;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** The two-layer network that makes a timestep's embedding of its sinusoids, or of other numbers. */
public record TimestepEmbedding(
        Linear linear1, Linear linear2, Linear condition, NDArray activation, NDArray lastActivation) {
    public static TimestepEmbedding of(Weights weights, long in, long width) {
        return new TimestepEmbedding(
                Linear.of(weights.at("linear_1"), in, width),
                Linear.of(weights.at("linear_2"), width, width),
                Linear.none(),
                weights.constant(Activation.SILU.ordinal()),
                weights.constant(Activation.NONE));
    }

    /** Another non-linearity between the layers. */
    public TimestepEmbedding with(Weights weights, Activation between) {
        return new TimestepEmbedding(linear1, linear2, condition, weights.constant(between.ordinal()), lastActivation);
    }

    /** A non-linearity after the second layer. */
    public TimestepEmbedding withLast(Weights weights, Activation last) {
        return new TimestepEmbedding(linear1, linear2, condition, activation, weights.constant(last.ordinal()));
    }

    /** A condition of another width that is added to the input, as of guidance in a distilled model. */
    public TimestepEmbedding withCondition(Weights weights, long width, long in) {
        return new TimestepEmbedding(
                linear1, linear2, Linear.withoutBias(weights.at("cond_proj"), width, in), activation, lastActivation);
    }

    /** (B, …, in) to (B, …, D) */
    public NDArray forward(NDArray x) {
        return forward(x, Ops.none());
    }

    /** @param given (B, width) */
    public NDArray forward(NDArray x, NDArray given) {
        return Adapters.active() ? layerByLayer(x, given) : atOnce(x, given);
    }

    private NDArray layerByLayer(NDArray x, NDArray given) {
        DataType type = linear1.bias().getDataType();
        NDArray in = Ops.cast(x, type);
        NDArray all = condition.isNone() || given.isEmpty() ? in : in.add(condition.forward(Ops.cast(given, type)));
        NDArray hidden = Ops.call("activate", linear1.forward(all), activation);
        return Ops.call("activate", linear2.forward(hidden), lastActivation);
    }

    private NDArray atOnce(NDArray x, NDArray given) {
        return Ops.call(
                "embedding_mlp",
                x,
                given,
                activation,
                lastActivation,
                condition.weight(),
                linear1.weight(),
                linear1.bias(),
                linear2.weight(),
                linear2.bias());
    }
}
