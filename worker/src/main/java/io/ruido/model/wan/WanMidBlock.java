package io.ruido.model.wan;

import ai.djl.ndarray.NDArray;
import io.ruido.nn.FrameCache;
import io.ruido.nn.Linear;
import io.ruido.nn.PositionNorm;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** The middle of the autoencoder, where each position of a frame sees all others. */
record WanMidBlock(WanResidualBlock before, FrameAttention attention, WanResidualBlock after) {
    static WanMidBlock of(Weights weights, int width) {
        return new WanMidBlock(
                WanResidualBlock.of(weights.at("resnets").at(0), width, width),
                FrameAttention.of(weights.at("attentions").at(0), width),
                WanResidualBlock.of(weights.at("resnets").at(1), width, width));
    }

    NDArray forward(NDArray x, FrameCache cache) {
        NDArray h = Ops.consume(before.forward(x, cache), attention::forward);
        return Ops.consume(h, y -> after.forward(y, cache));
    }

    private record FrameAttention(PositionNorm norm, Linear qkv, Linear out) {
        static FrameAttention of(Weights weights, int width) {
            return new FrameAttention(
                    PositionNorm.ofImages(weights.at("norm"), width),
                    pointwise(weights.at("to_qkv"), width, 3L * width),
                    pointwise(weights.at("proj"), width, width));
        }

        /** A convolution of single pixels, as the file has it. */
        private static Linear pointwise(Weights weights, long in, long out) {
            return new Linear(
                    weights.get("weight", Init.fan(in), out, in, 1, 1), weights.get("bias", Init.fan(in), out));
        }

        NDArray forward(NDArray x) {
            return Ops.call("frame_attention", x, norm.weight(), qkv.weight(), qkv.bias(), out.weight(), out.bias());
        }
    }
}
