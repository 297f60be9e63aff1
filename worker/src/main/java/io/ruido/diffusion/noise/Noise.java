package io.ruido.diffusion.noise;

import java.util.OptionalLong;

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

    /**
     * The standardised increment of a Brownian path between two σ. Its seed is the sampler's setting; without one it is
     * what the sample's generator would draw next, which stays as it is.
     *
     * @param sigmaMin smallest sigma of the path
     */
    record Brownian(OptionalLong seed, float sigmaMin, float sigmaMax, float from, float to) implements Noise {}
}
