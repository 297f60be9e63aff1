package io.ruido.nn.attention;

import ai.djl.ndarray.NDArray;
import io.ruido.nn.Activation;
import io.ruido.nn.Linear;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** A two-layer network whose first layer is gated by another one (Shazeer, 2020), without biases. */
public record GatedFeedForward(Linear gate, Linear proj, Linear out, NDArray activation) {
    public static GatedFeedForward of(Weights weights, Activation activation, Linear gate, Linear proj, Linear out) {
        return new GatedFeedForward(gate, proj, out, weights.constant(activation.ordinal()));
    }

    /** (B, N, D) to (B, N, D) */
    public NDArray forward(NDArray x) {
        return Ops.call("gated_mlp", x, activation, gate.weight(), proj.weight(), out.weight());
    }
}
