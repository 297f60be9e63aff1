package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Packing;
import io.ruido.tensor.Weights;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/** x·Wᵀ + b over the last dimension: (…, in) to (…, out). */
public record Linear(NDArray weight, NDArray bias) {
    public static Linear of(Weights weights, long in, long out) {
        return of(weights, in, out, true);
    }

    public static Linear withoutBias(Weights weights, long in, long out) {
        return of(weights, in, out, false);
    }

    public static Linear of(Weights weights, long in, long out, boolean bias) {
        return read(weights, in, out, bias).packed(weights);
    }

    /** Reads the layer as it is in the file. */
    public static Linear read(Weights weights, long in, long out, boolean bias) {
        return new Linear(
                weights.get("weight", Init.fan(in), out, in),
                bias ? weights.get("bias", Init.fan(in), out) : Ops.none());
    }

    public static Linear none() {
        return new Linear(Ops.none(), Ops.none());
    }

    /**
     * Layers that are given the same. Where weights are packed, the first does the work of all in one product, with their
     * results side by side, and the others are none.
     */
    public static List<Linear> joined(Weights weights, List<Linear> layers) {
        Linear first = layers.getFirst();
        if (!weights.packsLinear(first.weight)) {
            return layers;
        }
        NDArray bias = first.bias.isEmpty() ? first.bias : side(layers, Linear::bias);
        List<Linear> all = new ArrayList<>(Collections.nCopies(layers.size(), none()));
        all.set(0, new Linear(Packing.pack(side(layers, Linear::weight)), bias));
        return all;
    }

    private static NDArray side(List<Linear> layers, Function<Linear, NDArray> part) {
        var parts = new NDList(layers.stream().map(part).toList());
        NDArray all = NDArrays.concat(parts);
        parts.close();
        return all;
    }

    /** Two layers that give its result's halves, where weights are packed; else itself, and none. */
    public List<Linear> halves(Weights weights) {
        if (!weights.packsLinear(weight)) {
            return List.of(this, none());
        }
        try (weight;
                bias) {
            NDList parts = weight.split(2);
            NDList biases = bias.split(2);
            return List.of(half(parts, biases, 0), half(parts, biases, 1));
        }
    }

    private static Linear half(NDList weights, NDList biases, int index) {
        try (NDArray bias = biases.get(index)) {
            return new Linear(Packing.pack(weights.get(index)), bias.duplicate());
        }
    }

    private Linear packed(Weights weights) {
        return weights.packsLinear(weight) ? new Linear(Packing.pack(weight), bias) : this;
    }

    /** The layer of SiLU(x), x (B, in). */
    public NDArray ofSilu(NDArray x) {
        return Ops.call("silu_linear", x, weight, bias);
    }

    public NDArray forward(NDArray x) {
        return Ops.call("linear", x, weight, bias);
    }
}
