package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Transformer blocks over the pixels of a feature map, between two 1×1 projections and with a residual connection around
 * all of it.
 */
public record Transformer2D(GroupNorm norm, Conv2d projIn, List<TransformerBlock> blocks, Conv2d projOut) {
    /**
     * @param layers number of transformer blocks
     * @param linear whether the file keeps the projections as linear layers, (C, C) instead of (C, C, 1, 1)
     */
    public static Transformer2D of(
            Weights weights, long channels, long contextWidth, long heads, int layers, long groups, boolean linear) {
        return new Transformer2D(
                GroupNorm.of(weights.at("norm"), channels, groups, 1e-6),
                projection(weights.at("proj_in"), channels, linear),
                IntStream.range(0, layers)
                        .mapToObj(i -> TransformerBlock.of(
                                weights.at("transformer_blocks").at(i), channels, contextWidth, heads))
                        .toList(),
                projection(weights.at("proj_out"), channels, linear));
    }

    private static Conv2d projection(Weights weights, long channels, boolean linear) {
        if (!linear) {
            return Conv2d.of(weights, channels, channels, 1);
        }
        Linear layer = Linear.of(weights, channels, channels);
        return new Conv2d(layer.weight(), layer.bias());
    }

    /** x (B, C, H, W), context (B, T, D) to (B, C, H, W) */
    public NDArray forward(NDArray x, NDArray context) {
        NDArray tokens = Ops.call(
                "to_tokens", x, norm.groups(), norm.eps(), norm.weight(), norm.bias(), projIn.weight(), projIn.bias());
        for (TransformerBlock block : blocks) {
            tokens = Ops.consume(tokens, t -> block.forward(t, context)); // (B, HW, C)
        }
        return Ops.consume(tokens, t -> Ops.call("add_tokens", x, t, projOut.weight(), projOut.bias()));
    }
}
