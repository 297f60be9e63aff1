package io.ruido.diffusion.samplers;

/** How an ancestral step from σ to σ′ is made: down to less than σ′ without noise, then up with fresh noise. */
final class Ancestral {
    private Ancestral() {}

    /** Standard deviation of the fresh noise. */
    static double up(double sigma, double sigmaNext) {
        return Math.min(
                sigmaNext,
                Math.sqrt(sigmaNext * sigmaNext * (sigma * sigma - sigmaNext * sigmaNext) / (sigma * sigma)));
    }

    /** Where the step goes before noise is added: down² + up² = σ′². */
    static double down(double sigma, double sigmaNext) {
        double up = up(sigma, sigmaNext);
        return Math.sqrt(sigmaNext * sigmaNext - up * up);
    }
}
