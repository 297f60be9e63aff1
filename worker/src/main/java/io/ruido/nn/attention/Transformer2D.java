package io.ruido.nn.attention;

import ai.djl.ndarray.NDArray;
import io.ruido.adapter.Adapters;
import io.ruido.nn.Conv2d;
import io.ruido.nn.GroupNorm;
import io.ruido.nn.Linear;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Transformer blocks over the pixels of a feature map, between two 1×1 projections and with a residual connection around
 * all of it.
 */
public record Transformer2D(GroupNorm norm, Conv2d projIn, List<TransformerBlock> blocks, Conv2d projOut) {
    private static final NDArray ONE = Ops.number(1);

    /**
     * What the transformers of a level have in common.
     *
     * @param heads number of heads, each with C/heads channels, rounded down
     * @param linear whether the file keeps the projections as linear layers, (C, C) instead of (C, C, 1, 1)
     * @param onlyCross whether both attentions of a block are to the context
     */
    public record Style(long contextWidth, long heads, long groups, boolean linear, boolean onlyCross) {
        /** The same with attention among the pixels, too. */
        public Style withBothAttentions() {
            return new Style(contextWidth, heads, groups, linear, false);
        }
    }

    /** @param layers number of transformer blocks */
    public static Transformer2D of(Weights weights, long channels, int layers, Style style) {
        long headDim = channels / style.heads;
        long width = style.heads * headDim;
        return new Transformer2D(
                GroupNorm.of(weights.at("norm"), channels, style.groups, 1e-6),
                projection(weights.at("proj_in"), channels, width, style.linear),
                IntStream.range(0, layers)
                        .mapToObj(i -> TransformerBlock.of(
                                weights.at("transformer_blocks").at(i), style, headDim))
                        .toList(),
                projection(weights.at("proj_out"), width, channels, style.linear));
    }

    private static Conv2d projection(Weights weights, long in, long out, boolean linear) {
        if (!linear) {
            return Conv2d.of(weights, in, out, 1);
        }
        Linear layer = Linear.of(weights, in, out);
        return new Conv2d(layer.weight(), layer.bias());
    }

    /** x (B, C, H, W), context (B, T, D) to (B, C, H, W) */
    public NDArray forward(NDArray x, NDArray context) {
        NDArray tokens = Adapters.active()
                ? Ops.consume(norm.forward(x), y -> Ops.consume(Ops.call("as_tokens", y), projIn.ofTokens()::forward))
                : Ops.call(
                        "to_tokens",
                        x,
                        norm.groups(),
                        norm.eps(),
                        norm.weight(),
                        norm.bias(),
                        projIn.weight(),
                        projIn.bias());
        for (TransformerBlock block : blocks) {
            tokens = Ops.consume(tokens, t -> block.forward(t, context)); // (B, HW, heads·headDim)
        }
        return Adapters.active()
                ? Ops.consume(Ops.consume(tokens, projOut.ofTokens()::forward), t -> Ops.call("add_pixels", x, t, ONE))
                : Ops.consume(tokens, t -> Ops.call("add_tokens", x, t, projOut.weight(), projOut.bias()));
    }
}
