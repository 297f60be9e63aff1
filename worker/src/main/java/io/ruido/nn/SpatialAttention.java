package io.ruido.nn;

import ai.djl.ndarray.NDArray;

/** Attention among the pixels of (B, C, H, W), with its group norm and residual connection. */
public record SpatialAttention(GroupNorm norm, Attention attention) {
    public static SpatialAttention of(Weights weights, long channels, long headDim, long groups, double eps) {
        return new SpatialAttention(
                GroupNorm.of(weights.at("group_norm"), channels, groups, eps),
                Attention.of(weights, channels, channels, channels / headDim, true));
    }

    public NDArray forward(NDArray x) {
        return Ops.call(
                "spatial_attention",
                x,
                norm.groups(),
                norm.eps(),
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
