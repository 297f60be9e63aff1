package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import io.ruido.adapter.Adapters;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** Doubles height and width: every pixel four times, then a 3×3 convolution. */
public record Upsample(Conv2d conv) {
    private static final NDArray DOUBLED = Ops.number(ResnetBlock.Resampling.UP.ordinal());

    public static Upsample of(Weights weights, long channels) {
        return new Upsample(Conv2d.of(weights.at("conv"), channels, channels, 3));
    }

    /** (B, C, H, W) to the height and width of another, about twice as much. */
    public NDArray forward(NDArray x, NDArray like) {
        return Adapters.active()
                ? Ops.consume(Ops.call("enlarge_like", x, like), conv::forward)
                : Ops.call("upsample_like", x, like, conv.weight(), conv.bias());
    }

    /** (B, C, H, W) to (B, C, 2H, 2W) */
    public NDArray forward(NDArray x) {
        return Adapters.active()
                ? Ops.consume(Ops.call("resampled", x, DOUBLED), conv::forward)
                : Ops.call("upsample", x, conv.weight(), conv.bias());
    }
}
