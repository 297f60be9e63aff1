package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** Numbers as sines and cosines of many frequencies (Vaswani et al., 2017, §3.5). */
public record Sinusoids(NDArray freqs, NDArray cosFirst, NDArray odd) {
    /**
     * @param width how many numbers stand for one
     * @param cosFirst whether the cosines come before the sines
     * @param shift lowers the divisor of the frequencies' exponents: 10000^(−i / (width/2 − shift))
     */
    public static Sinusoids of(Weights weights, int width, boolean cosFirst, double shift) {
        var freqs = new float[width / 2];
        for (int i = 0; i < freqs.length; i++) { // rounded where PyTorch rounds
            freqs[i] = (float) Math.exp((float) -Math.log(10000) * i / (float) (freqs.length - shift));
        }
        return new Sinusoids(
                weights.manager().create(freqs), weights.constant(cosFirst), weights.constant(width % 2 == 1));
    }

    /** @param values (B) of type float32; gives (B, D) */
    public NDArray forward(NDArray values) {
        return Ops.call("sinusoids", values, freqs, cosFirst, odd);
    }
}
