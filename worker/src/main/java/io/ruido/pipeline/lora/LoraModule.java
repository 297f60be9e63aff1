package io.ruido.pipeline.lora;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Ops;
import java.util.stream.Stream;

/** The tensors that a file has for one module. */
final class LoraModule {
    /** As the file has it. */
    final String name;

    NDArray down;
    NDArray up;
    NDArray bias = Ops.none();

    /** Lengths of the weight's rows (DoRA), or empty. */
    NDArray magnitude = Ops.none();

    /** Of DoRA; null of others. */
    RowLengths lengths;

    /** NaN where the file says nothing about it. */
    double alpha = Double.NaN;

    LoraModule(String name) {
        this.name = name;
    }

    /** Bytes in memory. */
    long bytes() {
        long tensors =
                Stream.of(down, up, bias, magnitude).mapToLong(Ops::bytes).sum();
        return tensors + (lengths == null ? 0 : lengths.bytes());
    }

    long rank() {
        return down.getShape().get(0);
    }
}
