package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** Layer normalization over the last dimension, of width D. */
public record LayerNorm(NDArray weight, NDArray bias, NDArray eps) {
    public static LayerNorm of(Weights weights, long width, double eps) {
        return new LayerNorm(
                weights.get("weight", Init.ONES, width), weights.get("bias", Init.ZEROS, width), weights.constant(eps));
    }

    /** Creates a layer without weight and bias. */
    public static LayerNorm plain(Weights weights, double eps) {
        return new LayerNorm(Ops.none(), Ops.none(), weights.constant(eps));
    }

    /** Reads a layer norm with a weight and a bias, or without. */
    public static LayerNorm of(Weights weights, long width, double eps, boolean affine) {
        return affine ? of(weights, width, eps) : plain(weights, eps);
    }

    /** The normalized x (B, N, D), scaled by 1 + scale and shifted, both (B, 1, D). */
    public NDArray modulated(NDArray x, NDArray scale, NDArray shift) {
        return Ops.call("modulate", x, scale, shift, eps, weight, bias);
    }

    /** The same in float32 whatever the type of x is, which the result has. */
    public NDArray float32(NDArray x) {
        return Ops.call("layer_norm_float32", x, eps, weight, bias);
    }

    public NDArray forward(NDArray x) {
        return Ops.call("layer_norm", x, eps, weight, bias);
    }
}
