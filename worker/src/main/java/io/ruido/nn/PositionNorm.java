package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** Root mean square normalization of the channels of each position: (B, C, …). */
public record PositionNorm(NDArray weight, NDArray silu, NDArray plain) {
    /** The norm of clips. */
    public static PositionNorm ofClips(Weights weights, long width) {
        return of(weights, width, 1, 1, 1);
    }

    /** The norm of images. */
    public static PositionNorm ofImages(Weights weights, long width) {
        return of(weights, width, 1, 1);
    }

    private static PositionNorm of(Weights weights, long... shape) {
        return new PositionNorm(
                weights.get("gamma", Init.ONES, shape),
                weights.constant(Activation.SILU.ordinal()),
                weights.constant(Activation.NONE));
    }

    public NDArray forward(NDArray x) {
        return Ops.call("position_norm", x, plain, weight);
    }

    /** The same, then SiLU. */
    public NDArray silu(NDArray x) {
        return Ops.call("position_norm", x, silu, weight);
    }
}
