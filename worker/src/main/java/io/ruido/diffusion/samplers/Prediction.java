package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Linear;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerSettings;

/** What the denoiser was trained to predict; each is a linear combination of the others with the latent. */
enum Prediction {
    EPSILON("epsilon") {
        @Override
        Linear x0(Level level) {
            return Linear.X.minus(Linear.OUTPUT.times(level.noise())).over(level.signal());
        }

        @Override
        Linear epsilon(Level level) {
            return Linear.OUTPUT;
        }
    },
    /** v = α·ε − σ·x₀ (Salimans and Ho 2022, appendix D). */
    V_PREDICTION("v_prediction") {
        @Override
        Linear x0(Level level) {
            return Linear.X.times(level.signal()).minus(Linear.OUTPUT.times(level.noise()));
        }

        @Override
        Linear epsilon(Level level) {
            return Linear.OUTPUT.times(level.signal()).plus(Linear.X.times(level.noise()));
        }
    },
    SAMPLE("sample") {
        @Override
        Linear x0(Level level) {
            return Linear.OUTPUT;
        }

        @Override
        Linear epsilon(Level level) {
            return Linear.X.minus(Linear.OUTPUT.times(level.signal())).over(level.noise());
        }
    },
    /**
     * The velocity v = ε − x₀ of a straight path from image to noise: Lipman et al. 2023, "Flow Matching for
     * Generative Modeling" (arXiv:2210.02747), section 4.1. Its levels have signal + noise = 1.
     */
    FLOW("flow_prediction") {
        @Override
        Linear x0(Level level) {
            return Linear.X.minus(Linear.OUTPUT.times(level.noise()));
        }

        @Override
        Linear epsilon(Level level) {
            return Linear.X.plus(Linear.OUTPUT.times(level.signal()));
        }
    };

    private final String setting;

    Prediction(String setting) {
        this.setting = setting;
    }

    /** The prediction type for samplers of diffusion models: any except {@link #FLOW}. */
    static Prediction of(SchedulerSettings settings) {
        Prediction prediction = settings.choice("prediction_type", Prediction.class);
        if (prediction == FLOW) {
            throw settings.unsupported("prediction_type", "epsilon, v_prediction, sample");
        }
        return prediction;
    }

    /** The prediction type for samplers that also know the levels of flow matching, which {@link #FLOW} needs. */
    static Prediction ofEitherKind(SchedulerSettings settings) {
        return settings.flag("use_flow_sigmas") ? settings.choice("prediction_type", Prediction.class) : of(settings);
    }

    /**
     * @param toTheEnd whether the call is at the last timestep of a schedule with zero terminal signal-to-noise ratio,
     *     where the latents contain no signal and ε does not determine x₀
     */
    static Prediction of(SchedulerSettings settings, boolean toTheEnd) {
        Prediction prediction = of(settings);
        if (prediction == EPSILON && toTheEnd && settings.flag("rescale_betas_zero_snr")) {
            throw settings.unsupported("prediction_type", "sample, v_prediction where rescale_betas_zero_snr is true");
        }
        return prediction;
    }

    /** Estimate of the clean latent, for an x of that level. */
    abstract Linear x0(Level level);

    /** Estimate of the noise in an x of that level. */
    abstract Linear epsilon(Level level);

    /** Estimate of the clean latent where x = x₀ + sigma·z, its denoiser's input being scaled to unit variance. */
    Linear x0(double sigma) {
        return switch (this) {
            case EPSILON -> Linear.X.minus(Linear.OUTPUT.times(sigma));
            case V_PREDICTION ->
                Linear.X.over(sigma * sigma + 1).minus(Linear.OUTPUT.times(sigma / Math.sqrt(sigma * sigma + 1)));
            case SAMPLE -> Linear.OUTPUT;
            case FLOW -> throw new IllegalStateException("the latents of flow matching are not x₀ + sigma·z");
        };
    }

    @Override
    public String toString() {
        return setting;
    }
}
