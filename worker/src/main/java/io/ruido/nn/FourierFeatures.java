package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** Numbers as sines and cosines of random frequencies that the model keeps (Tancik et al., 2020). */
public record FourierFeatures(NDArray freqs, NDArray logarithm, NDArray cosFirst) {
    /**
     * @param frequencies F
     * @param logarithm whether of the numbers' logarithms
     */
    public static FourierFeatures of(Weights weights, int frequencies, boolean logarithm, boolean cosFirst) {
        return new FourierFeatures(
                weights.get("weight", Init.NORMAL, frequencies),
                weights.constant(logarithm),
                weights.constant(cosFirst));
    }

    /** @param values (B) of type float32; gives (B, 2F) */
    public NDArray forward(NDArray values) {
        return Ops.call("fourier", values, logarithm, cosFirst, freqs);
    }
}
