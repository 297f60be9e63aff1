package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** A table of vectors: ids (…) of type int64 to (…, D). */
public record Embedding(NDArray weight) {
    public static Embedding of(Weights weights, long size, long width) {
        NDArray table = weights.get("weight", Init.NORMAL, size, width);
        weights.refuseAdditions(table);
        return new Embedding(table);
    }

    public NDArray forward(NDArray ids) {
        return Ops.call("embedding", ids, weight);
    }
}
