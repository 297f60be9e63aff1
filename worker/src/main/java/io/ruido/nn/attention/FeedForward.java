package io.ruido.nn.attention;

import ai.djl.ndarray.NDArray;
import io.ruido.adapter.Adapters;
import io.ruido.nn.Activation;
import io.ruido.nn.Linear;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.List;
import java.util.Set;

/**
 * The two-layer network of a transformer block.
 *
 * @param gate the half of the first layer that gates the other half; none where the layer is whole
 */
public record FeedForward(Linear proj, Linear gate, Linear out, NDArray activation, boolean gated) {
    /** Kinds of network by diffusers' names. */
    public static final Set<String> KINDS = Set.of("geglu", "gelu", "gelu-approximate", "geglu-approximate");

    /** A non-linearity between the layers. */
    public static FeedForward of(Weights weights, Activation activation, Linear proj, Linear out) {
        return new FeedForward(proj, Linear.none(), out, weights.constant(activation.ordinal()), false);
    }

    /** Reads a network of the kind that diffusers names so, with an inner width of four times the width. */
    public static FeedForward of(Weights weights, String kind, long width) {
        return switch (kind) {
            case "geglu" -> geglu(weights, width);
            case "gelu" -> of(weights, Activation.GELU, width);
            case "gelu-approximate" -> of(weights, Activation.GELU_TANH, width);
            case "geglu-approximate" -> of(weights, Activation.QUICK_GELU, width); // its name misleads
            default -> throw new IllegalArgumentException("no feed-forward network " + kind);
        };
    }

    /** The same, four times as wide inside, as diffusers names its parts. */
    private static FeedForward of(Weights weights, Activation activation, long width) {
        return of(
                weights,
                activation,
                Linear.of(weights.at("net").at(0).at("proj"), width, 4 * width),
                Linear.of(weights.at("net").at(2), 4 * width, width));
    }

    /** Gated by GELU (GEGLU; Shazeer, 2020), four times as wide inside, as diffusers names its parts. */
    public static FeedForward geglu(Weights weights, long width) {
        List<Linear> proj = Linear.read(weights.at("net").at(0).at("proj"), width, 8 * width, true)
                .halves(weights);
        return new FeedForward(
                proj.getFirst(),
                proj.getLast(),
                Linear.of(weights.at("net").at(2), 4 * width, width),
                Ops.none(),
                true);
    }

    /** (B, N, D) to (B, N, D) */
    public NDArray forward(NDArray x) {
        if (Adapters.active()) {
            return Ops.consume(hidden(x), out::forward);
        }
        return gated
                ? Ops.call("geglu", x, proj.weight(), proj.bias(), gate.weight(), gate.bias(), out.weight(), out.bias())
                : Ops.call("mlp", x, activation, proj.weight(), proj.bias(), out.weight(), out.bias());
    }

    private NDArray hidden(NDArray x) {
        return Ops.consume(proj.forward(x), h -> {
            if (!gated) {
                return Ops.call("activate", h, activation);
            }
            return gate.isNone()
                    ? Ops.call("gate", h, Ops.none())
                    : Ops.consume(gate.forward(x), g -> Ops.call("gate", h, g));
        });
    }
}
