package io.ruido.diffusion;

/** What a step's fresh noise is multiplied with, element by element, before it enters the step's sums. */
public sealed interface NoiseScale {
    record Unit() implements NoiseScale {}

    /** The denoiser's further channels v are the variance: z ← √v·z. */
    record Learned() implements NoiseScale {}

    /**
     * The denoiser's further channels v, from −1 to 1, interpolate the logarithm of the variance (Nichol and Dhariwal
     * 2021, equation 15): z ← exp(½·(f·maximum + (1 − f)·minimum))·z with f = (v + 1) / 2.
     */
    record LearnedRange(double minimum, double maximum) implements NoiseScale {}
}
