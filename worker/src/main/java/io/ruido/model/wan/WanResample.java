package io.ruido.model.wan;

import ai.djl.ndarray.NDArray;
import io.ruido.nn.CausalConv3d;
import io.ruido.nn.Conv2d;
import io.ruido.nn.FrameCache;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.Optional;

/**
 * Halves or doubles the sides of frames, and their number where there is a convolution in time. The first frame of a clip
 * stands for itself: it is neither joined with another nor doubled.
 */
record WanResample(String operation, Conv2d conv, Optional<CausalConv3d> time) {
    static WanResample down(Weights weights, int width, boolean halvesTime) {
        return new WanResample(
                "downsample_frames",
                conv(weights, width, width),
                halvesTime ? Optional.of(CausalConv3d.halvingTime(weights.at("time_conv"), width)) : Optional.empty());
    }

    static WanResample up(Weights weights, int width, int out, boolean doublesTime) {
        return new WanResample(
                "upsample_frames",
                conv(weights, width, out),
                doublesTime
                        ? Optional.of(CausalConv3d.ofTime(weights.at("time_conv"), width, 2L * width))
                        : Optional.empty());
    }

    private static Conv2d conv(Weights weights, long in, long out) {
        Weights own = weights.at("resample").at(1);
        Init init = Init.fan(in * 9);
        return new Conv2d(own.get("weight", init, out, in, 3, 3), own.get("bias", init, out));
    }

    /** Doubled in time first; the first frame passes, and the convolution does not see it. */
    NDArray up(NDArray x, FrameCache cache) {
        if (time.isEmpty() || !cache.entered(this)) {
            return resized(x);
        }
        NDArray pairs = Ops.consume(time.get().forward(x, cache), y -> Ops.call("interleave_frames", y));
        return Ops.consume(pairs, this::resized);
    }

    /** Halved in time last; the first frame passes, and is seen by the convolution with the second. */
    NDArray down(NDArray x, FrameCache cache) {
        NDArray small = resized(x);
        if (time.isEmpty()) {
            return small;
        }
        if (!cache.entered(this)) {
            time.get().remember(small, cache);
            return small;
        }
        return Ops.consume(small, y -> time.get().forward(y, cache));
    }

    private NDArray resized(NDArray x) {
        return Ops.call(operation, x, conv.weight(), conv.bias());
    }
}
