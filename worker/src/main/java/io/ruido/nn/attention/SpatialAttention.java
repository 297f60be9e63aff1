package io.ruido.nn.attention;

import ai.djl.ndarray.NDArray;
import io.ruido.adapter.Adapters;
import io.ruido.nn.GroupNorm;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.OptionalInt;

/** Attention among the pixels of (B, C, H, W), with its group norm and residual connection. */
public record SpatialAttention(GroupNorm norm, Attention attention, NDArray divisor) {
    /** Attention with a group norm and without rescaling. */
    public static SpatialAttention of(Weights weights, long channels, long headDim, int groups, double eps) {
        return of(weights, channels, headDim, OptionalInt.of(groups), eps, 1);
    }

    /**
     * @param groups number of groups of the norm, or empty where there is none
     * @param divisor divisor of the result
     */
    public static SpatialAttention of(
            Weights weights, long channels, long headDim, OptionalInt groups, double eps, double divisor) {
        return new SpatialAttention(
                groups.isPresent()
                        ? GroupNorm.of(weights.at("group_norm"), channels, groups.getAsInt(), eps)
                        : GroupNorm.none(weights),
                Attention.ofPixels(weights, channels, channels / headDim, headDim),
                weights.constant(divisor));
    }

    public NDArray forward(NDArray x) {
        return Adapters.active() ? layerByLayer(x) : atOnce(x);
    }

    private NDArray layerByLayer(NDArray x) {
        NDArray tokens = norm.weight().isEmpty()
                ? Ops.call("as_tokens", x)
                : Ops.consume(norm.forward(x), y -> Ops.call("as_tokens", y));
        NDArray attended = Ops.consume(tokens, t -> attention.forward(t, t));
        return Ops.consume(attended, t -> Ops.call("add_pixels", x, t, divisor));
    }

    private NDArray atOnce(NDArray x) {
        return Ops.call(
                "spatial_attention",
                x,
                norm.groups(),
                norm.eps(),
                divisor,
                norm.weight(),
                norm.bias(),
                attention.heads(),
                attention.query().weight(),
                attention.query().bias(),
                attention.key().weight(),
                attention.key().bias(),
                attention.value().weight(),
                attention.value().bias(),
                attention.out().weight(),
                attention.out().bias());
    }
}
