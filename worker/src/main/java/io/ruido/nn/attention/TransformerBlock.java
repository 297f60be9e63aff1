package io.ruido.nn.attention;

import ai.djl.ndarray.NDArray;
import io.ruido.adapter.Adapters;
import io.ruido.nn.LayerNorm;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.function.UnaryOperator;

/** Self-attention, cross-attention to the conditioning, and a feed-forward network, each after a layer norm and added. */
public record TransformerBlock(
        LayerNorm norm1,
        Attention self,
        LayerNorm norm2,
        Attention cross,
        LayerNorm norm3,
        FeedForward feedForward,
        NDArray onlyCross) {
    static TransformerBlock of(Weights weights, Transformer2D.Style style, long headDim) {
        long width = style.heads() * headDim;
        return new TransformerBlock(
                LayerNorm.of(weights.at("norm1"), width, 1e-5),
                style.onlyCross()
                        ? toContext(weights.at("attn1"), width, style, headDim)
                        : Attention.toItself(weights.at("attn1"), width, style.heads(), headDim, false),
                LayerNorm.of(weights.at("norm2"), width, 1e-5),
                toContext(weights.at("attn2"), width, style, headDim),
                LayerNorm.of(weights.at("norm3"), width, 1e-5),
                FeedForward.geglu(weights.at("ff"), width),
                weights.constant(style.onlyCross()));
    }

    private static Attention toContext(Weights weights, long width, Transformer2D.Style style, long headDim) {
        return Attention.of(weights, width, style.contextWidth(), style.heads(), headDim, false);
    }

    /** x (B, N, D), context (B, T, D') to (B, N, D) */
    public NDArray forward(NDArray x, NDArray context) {
        return Adapters.active() ? layerByLayer(x, context) : atOnce(x, context);
    }

    private NDArray layerByLayer(NDArray x, NDArray context) {
        boolean toContext = onlyCross.getBoolean();
        NDArray first = added(x, norm1, h -> self.forward(h, toContext ? context : h));
        NDArray second = Ops.consume(first, y -> added(y, norm2, h -> cross.forward(h, context)));
        return Ops.consume(second, y -> added(y, norm3, feedForward::forward));
    }

    private static NDArray added(NDArray x, LayerNorm norm, UnaryOperator<NDArray> layer) {
        NDArray result = Ops.consume(norm.forward(x), layer);
        return Ops.consume(result, y -> Ops.call("add", x, y));
    }

    private NDArray atOnce(NDArray x, NDArray context) {
        return Ops.call(
                "transformer_block",
                x,
                context,
                self.heads(),
                norm1.eps(),
                onlyCross,
                Ops.none(),
                norm1.weight(),
                norm1.bias(),
                self.query().weight(),
                self.key().weight(),
                self.value().weight(),
                self.out().weight(),
                self.out().bias(),
                norm2.weight(),
                norm2.bias(),
                cross.query().weight(),
                cross.key().weight(),
                cross.value().weight(),
                cross.out().weight(),
                cross.out().bias(),
                norm3.weight(),
                norm3.bias(),
                feedForward.proj().weight(),
                feedForward.proj().bias(),
                feedForward.gate().weight(),
                feedForward.gate().bias(),
                feedForward.out().weight(),
                feedForward.out().bias());
    }
}
