package io.ruido.pipeline.lora;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Ops;

/** The tensors that a file has for one module. */
final class LoraModule {
    /** As the file has it. */
    final String name;

    NDArray down;
    NDArray up;
    NDArray bias = Ops.none();

    /** Lengths of the weight's rows (DoRA), or empty. */
    NDArray magnitude = Ops.none();

    /** NaN where the file says nothing about it. */
    double alpha = Double.NaN;

    LoraModule(String name) {
        this.name = name;
    }

    long rank() {
        return down.getShape().get(0);
    }
}
