package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import io.ruido.adapter.Adapters;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** A convolution that keeps height and width: (B, in, H, W) to (B, out, H, W); the kernel's side is odd. */
public record Conv2d(NDArray weight, NDArray bias) {
    public static Conv2d of(Weights weights, long in, long out, long kernel) {
        return of(weights, in, out, kernel, 1);
    }

    public static Conv2d of(Weights weights, long in, long out, long kernel, long stride) {
        Init init = Init.fan(in * kernel * kernel);
        return new Conv2d(weights.kernel(init, stride, out, in, kernel, kernel), weights.get("bias", init, out));
    }

    /** The same of a 1×1 kernel, for pixels that are tokens (B, HW, in). */
    public Linear ofTokens() {
        return new Linear(weight, bias);
    }

    /** Of a 1×1 kernel. */
    public NDArray pointwise(NDArray x) {
        return Adapters.convolution(weight, bias, x, 1, y -> Ops.call("pointwise", y, weight, bias));
    }

    public boolean isNone() {
        return weight.isEmpty();
    }

    static Conv2d none() {
        return new Conv2d(Ops.none(), Ops.none());
    }

    public NDArray forward(NDArray x) {
        return Adapters.convolution(weight, bias, x, 1, y -> Ops.call("conv2d", y, weight, bias));
    }
}
