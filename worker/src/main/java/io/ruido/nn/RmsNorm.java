package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** Root mean square normalization (Zhang and Sennrich, 2019) over the last dimension. */
public record RmsNorm(NDArray weight, NDArray eps) {
    public static RmsNorm of(Weights weights, long width, double eps) {
        return new RmsNorm(weights.get("weight", Init.ONES, width), weights.constant(eps));
    }

    public NDArray forward(NDArray x) {
        return Ops.call("rms_norm", x, eps, weight);
    }
}
