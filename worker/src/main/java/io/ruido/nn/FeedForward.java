package io.ruido.nn;

import ai.djl.ndarray.NDArray;

/** The two-layer network of a transformer block. */
public record FeedForward(Linear proj, Linear out, boolean gated) {
    /** GELU between the layers. */
    public static FeedForward gelu(Linear proj, Linear out) {
        return new FeedForward(proj, out, false);
    }

    /** Gated by GELU (GEGLU; Shazeer, 2020), four times as wide inside, as diffusers names its parts. */
    public static FeedForward geglu(Weights weights, long width) {
        return new FeedForward(
                Linear.of(weights.at("net").at(0).at("proj"), width, 8 * width),
                Linear.of(weights.at("net").at(2), 4 * width, width),
                true);
    }

    /** (B, N, D) to (B, N, D) */
    public NDArray forward(NDArray x) {
        return Ops.call(gated ? "geglu" : "gelu_mlp", x, proj.weight(), proj.bias(), out.weight(), out.bias());
    }
}
