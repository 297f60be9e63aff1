package io.ruido.train;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How β grows over the diffusion's steps, named as diffusers names it. */
enum BetaSchedule {
    /** β linear in t (Ho et al. 2020, §4). */
    @JsonProperty("linear")
    LINEAR,
    /** √β linear in t (Stable Diffusion). */
    @JsonProperty("scaled_linear")
    SCALED_LINEAR,
    /** ᾱ = cos² ((t + 0.008) / 1.008 · π/2), β at most 0.999 (Nichol and Dhariwal 2021, §3.2). */
    @JsonProperty("squaredcos_cap_v2")
    COSINE;

    /** ᾱ_t, the products of 1 − β, for t = 0 … steps − 1. */
    double[] alphasCumprod(int steps, double start, double end) {
        double[] alphasCumprod = new double[steps];
        double product = 1;
        for (int t = 0; t < steps; t++) {
            product *= 1 - beta(t, steps, start, end);
            alphasCumprod[t] = product;
        }
        return alphasCumprod;
    }

    private double beta(int t, int steps, double start, double end) {
        double share = steps == 1 ? 0 : t / (steps - 1.0);
        return switch (this) {
            case LINEAR -> start + share * (end - start);
            case SCALED_LINEAR -> Math.pow(Math.sqrt(start) + share * (Math.sqrt(end) - Math.sqrt(start)), 2);
            case COSINE -> Math.min(0.999, 1 - cosine((t + 1.0) / steps) / cosine(t / (double) steps));
        };
    }

    private static double cosine(double share) {
        return Math.pow(Math.cos((share + 0.008) / 1.008 * Math.PI / 2), 2);
    }
}
