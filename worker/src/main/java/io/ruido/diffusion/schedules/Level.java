package io.ruido.diffusion.schedules;

/**
 * How noisy a latent is: x = signal·x₀ + noise·z, z standard normal. Variance-preserving samplers have signal² + noise²
 * = 1 (α and σ of Kingma et al. 2021), variance-exploding ones signal = 1, those of flow matching signal + noise = 1.
 */
public record Level(double signal, double noise) {
    /** The level of a cumulative product of alphas (ᾱ of Ho et al. 2020). */
    public static Level ofAlphaCumprod(double alphaCumprod) {
        return new Level(Math.sqrt(alphaCumprod), Math.sqrt(1 - alphaCumprod));
    }

    /** The variance-preserving level of a ratio sigma = noise / signal. */
    public static Level ofSigma(double sigma) {
        double signal = 1 / Math.sqrt(sigma * sigma + 1);
        return new Level(signal, sigma * signal);
    }

    /** Returns the level on the straight path of flow matching (Lipman et al. 2023). */
    public static Level ofFlow(double sigma) {
        return new Level(1 - sigma, sigma);
    }

    /** Half the logarithm of the signal-to-noise ratio (λ of Lu et al. 2022). */
    public double lambda() {
        return Math.log(signal) - Math.log(noise);
    }
}
