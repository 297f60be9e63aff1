package io.ruido.diffusion.samplers;

/** How an ancestral step from σ to σ′ is made: down to less than σ′ without noise, then up with fresh noise. */
final class Ancestral {
    private Ancestral() {}

    /**
     * Standard deviation of the fresh noise.
     *
     * @param eta share of the noise of η = 1
     */
    static double up(double sigma, double sigmaNext, double eta) {
        return Math.min(
                sigmaNext,
                eta * Math.sqrt(sigmaNext * sigmaNext * (sigma * sigma - sigmaNext * sigmaNext) / (sigma * sigma)));
    }

    /** The level that the step goes to before noise is added: down² + up² = σ′². */
    static double down(double sigma, double sigmaNext, double eta) {
        double up = up(sigma, sigmaNext, eta);
        return Math.sqrt(sigmaNext * sigmaNext - up * up);
    }
}
