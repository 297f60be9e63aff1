package io.ruido.nn.attention;

import ai.djl.ndarray.NDArray;
import io.ruido.adapter.Adapters;
import io.ruido.nn.Linear;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.List;
import java.util.stream.Stream;

/** Multi-head scaled dot-product attention (Vaswani et al., 2017). */
public record Attention(Linear query, Linear key, Linear value, Linear out, NDArray heads) {
    /** Attention of projections with other names. */
    public static Attention of(Weights weights, Linear query, Linear key, Linear value, Linear out, long heads) {
        return new Attention(query, key, value, out, weights.constant(heads));
    }

    /**
     * Attention as diffusers names its parts.
     *
     * @param width width of x
     * @param contextWidth width of the context
     * @param headDim width of one head; all of them together may be narrower or wider than x
     * @param bias whether the projections to queries, keys and values have one
     */
    public static Attention of(Weights weights, long width, long contextWidth, long heads, long headDim, boolean bias) {
        long inner = heads * headDim;
        List<Linear> keyValue = Linear.joined(
                weights,
                List.of(
                        Linear.read(weights.at("to_k"), contextWidth, inner, bias),
                        Linear.read(weights.at("to_v"), contextWidth, inner, bias)));
        return new Attention(
                Linear.of(weights.at("to_q"), width, inner, bias),
                keyValue.getFirst(),
                keyValue.getLast(),
                Linear.of(weights.at("to_out").at(0), inner, width),
                weights.constant(heads));
    }

    /** The same for attention of x to itself only. */
    public static Attention toItself(Weights weights, long width, long heads, long headDim, boolean bias) {
        long inner = heads * headDim;
        List<Linear> all = Linear.joined(
                weights,
                Stream.of("to_q", "to_k", "to_v")
                        .map(name -> Linear.read(weights.at(name), width, inner, bias))
                        .toList());
        return new Attention(
                all.get(0),
                all.get(1),
                all.get(2),
                Linear.of(weights.at("to_out").at(0), inner, width),
                weights.constant(heads));
    }

    /** Attention among pixels, in older files under the names that it had there first. */
    static Attention ofPixels(Weights weights, long width, long heads, long headDim) {
        if (!weights.has("proj_attn.weight")) {
            return toItself(weights, width, heads, headDim, true);
        }
        long inner = heads * headDim;
        return new Attention(
                Linear.of(weights.at("query"), width, inner),
                Linear.of(weights.at("key"), width, inner),
                Linear.of(weights.at("value"), width, inner),
                Linear.of(weights.at("proj_attn"), inner, width),
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
        if (Adapters.active()) {
            return Ops.consume(attended(x, context, mask), out::forward);
        }
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

    private NDArray attended(NDArray x, NDArray context, NDArray mask) {
        return Ops.consume(query.forward(x), q -> {
            if (key.isNone()) {
                return Ops.call("attend_projected", q, Ops.none(), Ops.none(), mask, heads);
            }
            return Ops.consume(
                    key.forward(context),
                    k -> value.isNone()
                            ? Ops.call("attend_projected", q, k, Ops.none(), mask, heads)
                            : Ops.consume(
                                    value.forward(context), v -> Ops.call("attend_projected", q, k, v, mask, heads)));
        });
    }
}
