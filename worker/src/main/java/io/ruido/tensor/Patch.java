package io.ruido.tensor;

import ai.djl.ndarray.NDArray;

/** What is added to tensors when they are read. */
@FunctionalInterface
public interface Patch {
    Patch NONE = (name, tensor) -> tensor;

    /**
     * @param name full name of the tensor
     * @return the tensor itself, or another of the same shape, type and manager instead of it
     */
    NDArray apply(String name, NDArray tensor);
}
