package io.ruido.nn;

import ai.djl.ndarray.NDArray;

/** Multi-head scaled dot-product attention (Vaswani et al., 2017). */
public record Attention(Linear query, Linear key, Linear value, Linear out, NDArray heads) {
    /** Attention as diffusers names its parts: projections without bias, {@code to_q}, {@code to_k}, {@code to_v}. */
    public static Attention of(Weights weights, long width, long contextWidth, long heads) {
        return of(weights, width, contextWidth, heads, false);
    }

    /** Attention of projections with other names. */
    public static Attention of(Weights weights, Linear query, Linear key, Linear value, Linear out, long heads) {
        return new Attention(query, key, value, out, weights.constant(heads));
    }

    static Attention of(Weights weights, long width, long contextWidth, long heads, boolean bias) {
        return new Attention(
                Linear.of(weights.at("to_q"), width, width, bias),
                Linear.of(weights.at("to_k"), contextWidth, width, bias),
                Linear.of(weights.at("to_v"), contextWidth, width, bias),
                Linear.of(weights.at("to_out").at(0), width, width),
                weights.constant(heads));
    }

    /**
     * Attention from x to a context, or to x itself.
     *
     * @param x (B, N, D)
     * @param context (B, T, D')
     * @return (B, N, D)
     */
    public NDArray forward(NDArray x, NDArray context) {
        return forward(x, context, Ops.none());
    }

    /** The same with a mask that is added to the scores: (B, 1 or h, 1 or N, T). */
    public NDArray forward(NDArray x, NDArray context, NDArray mask) {
        return Ops.call(
                "attention",
                x,
                context,
                mask,
                heads,
                query.weight(),
                query.bias(),
                key.weight(),
                key.bias(),
                value.weight(),
                value.bias(),
                out.weight(),
                out.bias());
    }
}
