package io.ruido.nn;

import ai.djl.ndarray.NDArray;

/** The two-layer network of a transformer block, gated by GELU (GEGLU; Shazeer, 2020), four times as wide inside. */
public record FeedForward(Linear proj, Linear out) {
    public static FeedForward geglu(Weights weights, long width) {
        return new FeedForward(
                Linear.of(weights.at("net").at(0).at("proj"), width, 8 * width),
                Linear.of(weights.at("net").at(2), 4 * width, width));
    }

    /** (B, N, D) to (B, N, D) */
    public NDArray forward(NDArray x) {
        return Ops.call("geglu", x, proj.weight(), proj.bias(), out.weight(), out.bias());
    }
}
