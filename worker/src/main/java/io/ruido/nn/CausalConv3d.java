package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/**
 * A convolution of a clip in space and time that sees no later frame: (B, in, T, H, W) to (B, out, T, H, W). A clip comes
 * in pieces, and {@link FrameCache} keeps the frames that the next piece needs, so that it makes no difference where the
 * clip was cut.
 */
public final class CausalConv3d {
    private final NDArray weight;
    private final NDArray bias;
    private final NDArray stride;
    private final NDArray kept;
    private final boolean keeps;

    private CausalConv3d(NDArray weight, NDArray bias, NDArray stride, NDArray kept, boolean keeps) {
        this.weight = weight;
        this.bias = bias;
        this.stride = stride;
        this.kept = kept;
        this.keeps = keeps;
    }

    /** @param kernel side in space and in time, odd */
    public static CausalConv3d of(Weights weights, long in, long out, long kernel) {
        return of(weights, in, out, kernel, kernel, 1);
    }

    /** Over three frames, for each position by itself. */
    public static CausalConv3d ofTime(Weights weights, long in, long out) {
        return of(weights, in, out, 3, 1, 1);
    }

    /** The same for every second frame. */
    public static CausalConv3d halvingTime(Weights weights, long width) {
        return of(weights, width, width, 3, 1, 2);
    }

    private static CausalConv3d of(Weights weights, long in, long out, long time, long side, long stride) {
        Init init = Init.fan(in * time * side * side);
        return new CausalConv3d(
                weights.get("weight", init, out, in, time, side, side),
                weights.get("bias", init, out),
                weights.constant(stride),
                weights.constant(time - stride),
                time > stride);
    }

    /** Convolves the next piece of a clip. */
    public NDArray forward(NDArray x, FrameCache cache) {
        NDArray before = cache.frames(this);
        NDArray y = Ops.call("causal_convolve", x, before, stride, weight, bias);
        if (keeps) {
            remember(x, cache);
        }
        return y;
    }

    /** Takes a piece for the frames before the next one, and computes nothing. */
    public void remember(NDArray x, FrameCache cache) {
        cache.put(this, Ops.call("last_frames", x, cache.frames(this), kept));
    }
}
