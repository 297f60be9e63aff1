package io.ruido.nn;

import ai.djl.ndarray.NDArray;

/** x·Wᵀ + b over the last dimension: (…, in) to (…, out). */
public record Linear(NDArray weight, NDArray bias) {
    public static Linear of(Weights weights, long in, long out) {
        return new Linear(weights.get("weight", Init.fan(in), out, in), weights.get("bias", Init.fan(in), out));
    }

    public static Linear withoutBias(Weights weights, long in, long out) {
        return new Linear(weights.get("weight", Init.fan(in), out, in), Ops.none());
    }

    public static Linear of(Weights weights, long in, long out, boolean bias) {
        return bias ? of(weights, in, out) : withoutBias(weights, in, out);
    }

    static Linear none() {
        return new Linear(Ops.none(), Ops.none());
    }

    /** Of SiLU of x (B, in). */
    public NDArray ofSilu(NDArray x) {
        return Ops.call("silu_linear", x, weight, bias);
    }

    public NDArray forward(NDArray x) {
        return Ops.call("linear", x, weight, bias);
    }
}
