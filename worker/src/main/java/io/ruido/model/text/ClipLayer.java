package io.ruido.model.text;

import ai.djl.ndarray.NDArray;
import io.ruido.nn.Activation;
import io.ruido.nn.LayerNorm;
import io.ruido.nn.Linear;
import io.ruido.nn.attention.Attention;
import io.ruido.nn.attention.FeedForward;
import io.ruido.tensor.Weights;

/** A layer of CLIP's transformers, which are the same for texts and images. */
record ClipLayer(LayerNorm norm1, Attention attention, LayerNorm norm2, FeedForward feedForward) {
    /**
     * Its sizes.
     *
     * @param inner width of the feed-forward network
     */
    record Size(int width, int inner, int heads, Activation activation, double eps) {}

    static ClipLayer of(Size size, Weights weights) {
        int width = size.width();
        Weights attention = weights.at("self_attn");
        Weights mlp = weights.at("mlp");
        return new ClipLayer(
                LayerNorm.of(weights.at("layer_norm1"), width, size.eps()),
                Attention.of(
                        weights,
                        Linear.of(attention.at("q_proj"), width, width),
                        Linear.of(attention.at("k_proj"), width, width),
                        Linear.of(attention.at("v_proj"), width, width),
                        Linear.of(attention.at("out_proj"), width, width),
                        size.heads()),
                LayerNorm.of(weights.at("layer_norm2"), width, size.eps()),
                FeedForward.of(
                        weights,
                        size.activation(),
                        Linear.of(mlp.at("fc1"), width, size.inner()),
                        Linear.of(mlp.at("fc2"), size.inner(), width)));
    }

    /** @param scores added to those of attention, or none */
    NDArray forward(NDArray x, NDArray scores) {
        NDArray h = norm1.forward(x);
        NDArray attended = x.add(attention.forward(h, h, scores));
        return attended.add(feedForward.forward(norm2.forward(attended)));
    }
}
