package io.ruido.diffusion;

import java.util.Arrays;

/**
 * A linear combination of what a step can see: the latent x, the estimate x̂₀ of the clean latent, the denoiser's output
 * m, fresh noise z and the history h₁ … h₅. Samplers write their update with it as their paper does.
 */
public final class Linear {
    /** Most histories that any sampler keeps (PNDM's Runge-Kutta phase needs them all). */
    public static final int MAX_HISTORY = 5;

    private static final int FIRST_HISTORY = 4;

    public static final Linear ZERO = new Linear(new double[FIRST_HISTORY + MAX_HISTORY]);
    public static final Linear X = unit(0);
    public static final Linear X0 = unit(1);
    public static final Linear OUTPUT = unit(2);
    public static final Linear NOISE = unit(3);

    private final double[] terms; // x, x̂₀, m, z, h₁ … h₅

    private Linear(double[] terms) {
        this.terms = terms;
    }

    /** @param i from 1, the order in which a step writes them */
    public static Linear history(int i) {
        return unit(FIRST_HISTORY + i - 1);
    }

    private static Linear unit(int column) {
        double[] terms = new double[FIRST_HISTORY + MAX_HISTORY];
        terms[column] = 1;
        return new Linear(terms);
    }

    public Linear times(double factor) {
        return new Linear(Arrays.stream(terms).map(term -> factor * term).toArray());
    }

    public Linear over(double divisor) {
        return times(1 / divisor);
    }

    public Linear plus(Linear other) {
        double[] sum = terms.clone();
        Arrays.setAll(sum, i -> sum[i] + other.terms[i]);
        return new Linear(sum);
    }

    public Linear minus(Linear other) {
        return plus(other.times(-1));
    }

    /** Factor of the latent before the step. */
    public double x() {
        return terms[0];
    }

    /** Factor of x̂₀, after it was clamped. */
    public double x0() {
        return terms[1];
    }

    /** Factor of the denoiser's output, after guidance. */
    public double output() {
        return terms[2];
    }

    /** Factor of the step's fresh noise. */
    public double noise() {
        return terms[3];
    }

    /** Factors of x, x̂₀, m, z, h₁ … of that many histories: a row of the step's matrix. */
    public double[] row(int histories) {
        return Arrays.copyOf(terms, FIRST_HISTORY + histories);
    }

    boolean isFinite() {
        return Arrays.stream(terms).allMatch(Double::isFinite);
    }

    /** Number of the last history that is used. */
    int histories() {
        int last = terms.length;
        while (last > FIRST_HISTORY && terms[last - 1] == 0) {
            last--;
        }
        return last - FIRST_HISTORY;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Linear linear && Arrays.equals(terms, linear.terms);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(terms);
    }

    @Override
    public String toString() {
        return "Linear" + Arrays.toString(terms);
    }
}
