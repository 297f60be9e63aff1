package io.ruido.nn.attention;

import ai.djl.ndarray.NDArray;
import io.ruido.nn.Linear;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** Self-attention whose scores are not scaled but get a bias for each pair of places (Raffel et al., 2020, §2.1). */
public record BiasedAttention(Linear query, Linear key, Linear value, Linear out, NDArray heads) {
    public static BiasedAttention of(Weights weights, long width, long heads, long headDim) {
        long inner = heads * headDim;
        return new BiasedAttention(
                Linear.withoutBias(weights.at("q"), width, inner),
                Linear.withoutBias(weights.at("k"), width, inner),
                Linear.withoutBias(weights.at("v"), width, inner),
                Linear.withoutBias(weights.at("o"), inner, width),
                weights.constant(heads));
    }

    /**
     * @param x (B, T, D)
     * @param bias (1 or B, h, T, T)
     * @return (B, T, D)
     */
    public NDArray forward(NDArray x, NDArray bias) {
        return Ops.call("biased_attention", x, bias, heads, query.weight(), key.weight(), value.weight(), out.weight());
    }
}
