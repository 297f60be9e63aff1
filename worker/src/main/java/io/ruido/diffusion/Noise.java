package io.ruido.diffusion;

/** The noise z of a step, before it enters the step's sums. */
public sealed interface Noise {
    /** Nothing is drawn. */
    record None() implements Noise {}

    /** Standard normal, from the sample's own generator. */
    record Fresh() implements Noise {}

    /** Fresh noise times √v, where the denoiser's further channels v are the variance. */
    record Learned() implements Noise {}

    /**
     * The denoiser's further channels v, from −1 to 1, interpolate the logarithm of the variance (Nichol and Dhariwal
     * 2021, equation 15): fresh noise times exp(½·(f·maximum + (1 − f)·minimum)) with f = (v + 1) / 2.
     */
    record LearnedRange(double minimum, double maximum) implements Noise {}
}
