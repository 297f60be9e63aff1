package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import io.ruido.adapter.Adapters;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Packing;
import io.ruido.tensor.Weights;
import io.ruido.tensor.Weights.Share;
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
        List<Share> shares = new ArrayList<>();
        long at = 0;
        for (Linear layer : layers) {
            for (Share share : weights.shares(layer.weight)) {
                shares.add(new Share(share.module(), share.first(), share.count(), at));
                at += share.count();
            }
        }
        NDArray bias = first.bias.isEmpty() ? first.bias : side(layers, Linear::bias);
        Linear joined = new Linear(Packing.pack(side(layers, Linear::weight)), bias);
        weights.share(joined.weight, shares);
        List<Linear> all = new ArrayList<>(Collections.nCopies(layers.size(), none()));
        all.set(0, joined);
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
            return List.of(half(weights, parts, biases, 0), half(weights, parts, biases, 1));
        }
    }

    private Linear half(Weights weights, NDList parts, NDList biases, int index) {
        List<Share> shares = weights.shares(weight).stream()
                .map(share -> new Share(share.module(), index * share.count() / 2, share.count() / 2, 0))
                .toList();
        try (NDArray half = biases.get(index)) {
            Linear layer = new Linear(Packing.pack(parts.get(index)), half.duplicate());
            weights.share(layer.weight, shares);
            return layer;
        }
    }

    private Linear packed(Weights weights) {
        if (!weights.packsLinear(weight)) {
            return this;
        }
        List<Share> shares = weights.shares(weight);
        Linear layer = new Linear(Packing.pack(weight), bias);
        weights.share(layer.weight, shares);
        return layer;
    }

    public boolean isNone() {
        return weight.isEmpty();
    }

    /** The layer of SiLU(x), x (B, in). */
    public NDArray ofSilu(NDArray x) {
        return Adapters.active()
                ? Ops.consume(Activation.SILU.forward(x), this::forward)
                : Ops.call("silu_linear", x, weight, bias);
    }

    public NDArray forward(NDArray x) {
        return Adapters.linear(weight, bias, x, Ops.call("linear", x, weight, bias));
    }
}
