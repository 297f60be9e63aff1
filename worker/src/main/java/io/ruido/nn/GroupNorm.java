package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** Group normalization (Wu and He, 2018) of (B, C, H, W) with a scale and a shift for each channel. */
public record GroupNorm(NDArray weight, NDArray bias, NDArray groups, NDArray eps) {
    public static GroupNorm of(Weights weights, long channels, long groups, double eps) {
        if (groups < 1 || channels % groups != 0) {
            throw new IllegalArgumentException("%d channels do not divide into %d groups".formatted(channels, groups));
        }
        return new GroupNorm(
                weights.get("weight", Init.ONES, channels),
                weights.get("bias", Init.ZEROS, channels),
                weights.constant(groups),
                weights.constant(eps));
    }

    public static GroupNorm none(Weights weights) {
        return new GroupNorm(Ops.none(), Ops.none(), weights.constant(1), weights.constant(0.0));
    }

    public NDArray forward(NDArray x) {
        return Ops.call("group_norm", x, groups, eps, weight, bias);
    }

    /** A non-linear function of the normalized x. */
    public NDArray activated(NDArray x, Activation activation) {
        return activation == Activation.SILU ? silu(x) : Ops.consume(forward(x), activation::forward);
    }

    /** SiLU of the normalized x. */
    public NDArray silu(NDArray x) {
        return Ops.call("group_norm_silu", x, groups, eps, weight, bias);
    }
}
