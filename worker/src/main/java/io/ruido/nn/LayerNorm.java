package io.ruido.nn;

import ai.djl.ndarray.NDArray;

/** Layer normalization over the last dimension, of width D. */
public record LayerNorm(NDArray weight, NDArray bias, NDArray eps) {
    public static LayerNorm of(Weights weights, long width, double eps) {
        return new LayerNorm(
                weights.get("weight", Init.ONES, width), weights.get("bias", Init.ZEROS, width), weights.constant(eps));
    }

    public NDArray forward(NDArray x) {
        return Ops.call("layer_norm", x, eps, weight, bias);
    }
}
