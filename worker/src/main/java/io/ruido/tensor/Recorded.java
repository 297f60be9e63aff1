package io.ruido.tensor;

import ai.djl.ndarray.NDArray;

/** An array whose operations are recorded instead of executed. {@link Ops#call} passes them to it. */
public interface Recorded extends NDArray {
    /**
     * Writes down one operation of {@code ops.py}.
     *
     * @param arguments arguments of the operation, of which this is one
     * @throws UnsupportedOperationException naming the operation, when there is no other way to carry it out
     */
    NDArray call(String method, NDArray... arguments);
}
