package io.ruido.nn;

import ai.djl.ndarray.NDArray;

/** Sinusoids of the timestep (Vaswani et al., 2017, §3.5) through a two-layer network. */
public record TimestepEmbedding(Linear linear1, Linear linear2, NDArray freqs, NDArray cosFirst) {
    /**
     * @param sinusoids how many numbers the sinusoids give
     * @param width of the embedding
     * @param cosFirst whether the cosines come before the sines
     * @param shift lowers the divisor of the frequencies' exponents: 10000^(−i / (sinusoids/2 − shift))
     */
    public static TimestepEmbedding of(Weights weights, int sinusoids, long width, boolean cosFirst, double shift) {
        var freqs = new float[sinusoids / 2];
        for (int i = 0; i < freqs.length; i++) {
            freqs[i] = (float) Math.exp(-Math.log(10000) * i / (freqs.length - shift));
        }
        return new TimestepEmbedding(
                Linear.of(weights.at("linear_1"), sinusoids, width),
                Linear.of(weights.at("linear_2"), width, width),
                weights.manager().create(freqs),
                weights.constant(cosFirst));
    }

    /** @param timesteps (B) of type float32; gives (B, D) */
    public NDArray forward(NDArray timesteps) {
        return Ops.call(
                "timestep_embedding",
                timesteps,
                freqs,
                cosFirst,
                linear1.weight(),
                linear1.bias(),
                linear2.weight(),
                linear2.bias());
    }
}
