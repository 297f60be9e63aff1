package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Ops;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/** Non-linear functions, in the order that {@code ops.py} knows them by, under the names that config.json has. */
public enum Activation {
    SILU("silu", "swish"),
    GELU("gelu"),
    GELU_TANH("gelu_new", "gelu_pytorch_tanh"),
    QUICK_GELU("quick_gelu"),
    RELU("relu"),
    MISH("mish");

    /** The number of no activation, for operations that can have one. */
    static final long NONE = -1;

    private final List<String> names;

    Activation(String... names) {
        this.names = List.of(names);
    }

    private static final List<NDArray> KINDS = Arrays.stream(values())
            .map(activation -> Ops.number(activation.ordinal()))
            .toList();

    public NDArray forward(NDArray x) {
        return Ops.call("activate", x, KINDS.get(ordinal()));
    }

    /** All names that are understood. */
    public static Collection<String> names() {
        return Arrays.stream(values())
                .flatMap(activation -> activation.names.stream())
                .toList();
    }

    /** @param name one of {@link #names()} */
    public static Activation of(String name) {
        return Arrays.stream(values())
                .filter(activation -> activation.names.contains(name))
                .findFirst()
                .orElseThrow();
    }
}
