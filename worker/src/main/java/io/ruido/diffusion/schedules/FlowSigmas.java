package io.ruido.diffusion.schedules;

import java.util.Arrays;

/**
 * Shares of noise that a model of flow matching is asked at, from 1 downwards: evenly spaced, then shifted towards the
 * noise by σ ↦ s·σ / (1 + (s − 1)·σ), because larger images need more noise to be hidden (Esser et al. 2024,
 * arXiv:2403.03206, section 5.3.2).
 *
 * @param shift s
 * @param trainSteps timestep of pure noise
 */
record FlowSigmas(double shift, int trainSteps) {
    double shifted(double sigma) {
        return shift * sigma / (1 + (shift - 1) * sigma);
    }

    /** The levels for solvers that cannot start from pure noise, whose log-SNR is infinite, without the clean end. */
    double[] above(int steps) {
        double[] sigmas = new double[steps];
        double last = 1.0 - 1.0 / trainSteps;
        Arrays.setAll(sigmas, i -> shifted((steps - i) * (last / steps)));
        return sigmas;
    }

    double[] wholeTimesteps(double[] sigmas) {
        return Arrays.stream(sigmas)
                .map(sigma -> Math.floor(sigma * trainSteps))
                .toArray();
    }
}
