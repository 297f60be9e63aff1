package io.ruido.train;

import io.ruido.diffusion.schedules.Level;

/** What the denoiser learns to predict from x_t = signal·x₀ + noise·ε. */
enum Target {
    /** ε (Ho et al. 2020, equation 14). */
    EPSILON {
        @Override
        float of(float x0, float eps, Level level) {
            return eps;
        }

        @Override
        Coefficients x0(Level level) {
            return new Coefficients(1 / level.signal(), -level.noise() / level.signal());
        }

        @Override
        double minSnrWeight(Level level, double gamma) {
            return Math.min(snr(level), gamma) / snr(level);
        }
    },
    /** v = signal·ε − noise·x₀ (Salimans and Ho 2022, appendix D): where there is little but noise, the image. */
    V_PREDICTION {
        @Override
        float of(float x0, float eps, Level level) {
            return (float) (level.signal() * eps - level.noise() * x0);
        }

        @Override
        Coefficients x0(Level level) {
            return new Coefficients(level.signal(), -level.noise());
        }

        @Override
        double minSnrWeight(Level level, double gamma) {
            return Math.min(snr(level), gamma) / (snr(level) + 1);
        }
    },
    /** x₀ itself. */
    SAMPLE {
        @Override
        float of(float x0, float eps, Level level) {
            return x0;
        }

        @Override
        Coefficients x0(Level level) {
            return new Coefficients(0, 1);
        }

        @Override
        double minSnrWeight(Level level, double gamma) {
            return Math.min(snr(level), gamma);
        }
    },
    /** ε − x₀, the velocity along the straight path of flow matching (Lipman et al. 2023), where signal + noise = 1. */
    FLOW_PREDICTION {
        @Override
        float of(float x0, float eps, Level level) {
            return eps - x0;
        }

        @Override
        Coefficients x0(Level level) {
            return new Coefficients(1, -level.noise());
        }

        @Override
        double minSnrWeight(Level level, double gamma) {
            return Math.min(snr(level), gamma) * level.noise() * level.noise();
        }
    };

    /** x₀ = x·x_t + output·(what the denoiser predicts). */
    record Coefficients(double x, double output) {}

    /** @param predictionType as diffusers names it */
    static Target of(String predictionType) {
        return switch (predictionType) {
            case "epsilon" -> EPSILON;
            case "v_prediction" -> V_PREDICTION;
            case "sample" -> SAMPLE;
            case "flow_prediction" -> FLOW_PREDICTION;
            default ->
                throw new IllegalArgumentException(
                        "scheduler.prediction_type must be epsilon, v_prediction, sample or flow_prediction, was "
                                + predictionType);
        };
    }

    abstract float of(float x0, float eps, Level level);

    abstract Coefficients x0(Level level);

    /** The loss weight of a timestep (Hang et al. 2023, §3.4). */
    abstract double minSnrWeight(Level level, double gamma);

    private static double snr(Level level) {
        return level.signal() * level.signal() / (level.noise() * level.noise());
    }
}
