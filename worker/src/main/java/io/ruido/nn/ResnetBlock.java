package io.ruido.nn;

import ai.djl.ndarray.NDArray;

/**
 * Two 3×3 convolutions, each after group norm and SiLU, around a residual connection; between them a projection of the
 * timestep's embedding is added to every pixel.
 */
public record ResnetBlock(GroupNorm norm1, Conv2d conv1, Linear time, GroupNorm norm2, Conv2d conv2, Conv2d shortcut) {
    /** @param timeWidth width of the timestep's embedding, or 0 for a block without one */
    public static ResnetBlock of(Weights weights, long in, long out, long timeWidth, long groups, double eps) {
        return new ResnetBlock(
                GroupNorm.of(weights.at("norm1"), in, groups, eps),
                Conv2d.of(weights.at("conv1"), in, out, 3),
                timeWidth > 0
                        ? Linear.of(weights.at("time_emb_proj"), timeWidth, out)
                        : new Linear(Ops.none(), Ops.none()),
                GroupNorm.of(weights.at("norm2"), out, groups, eps),
                Conv2d.of(weights.at("conv2"), out, out, 3),
                in == out ? Conv2d.none() : Conv2d.of(weights.at("conv_shortcut"), in, out, 1));
    }

    /** (B, in, H, W) to (B, out, H, W), for a block without a timestep. */
    public NDArray forward(NDArray x) {
        return forward(x, Ops.none());
    }

    /** (B, in, H, W) and the embedding (B, D) to (B, out, H, W). */
    public NDArray forward(NDArray x, NDArray temb) {
        return Ops.call(
                "resnet_block",
                x,
                temb,
                norm1.groups(),
                norm1.eps(),
                norm1.weight(),
                norm1.bias(),
                conv1.weight(),
                conv1.bias(),
                time.weight(),
                time.bias(),
                norm2.weight(),
                norm2.bias(),
                conv2.weight(),
                conv2.bias(),
                shortcut.weight(),
                shortcut.bias());
    }
}
