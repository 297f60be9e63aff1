package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerSettings;
import java.util.Set;

/**
 * What DPM-Solver integrates from one noise level to the next, exactly but for a Taylor polynomial D₀ + D₁·λ + D₂·λ² of
 * the model. The ODE of x̂₀ is equation 8 of Lu et al. 2022b (arXiv:2211.01095), that of ε̂ equation 3.4 of Lu et al. 2022a
 * (arXiv:2206.00927); the SDEs are in section 5 of the former. With λ the log-SNR of a level, h = λ_t − λ_s.
 */
enum DpmAlgorithm {
    DATA("dpmsolver++"),
    DATA_SDE("sde-dpmsolver++"),
    NOISE("dpmsolver"),
    NOISE_SDE("sde-dpmsolver");

    private final String setting;

    DpmAlgorithm(String setting) {
        this.setting = setting;
    }

    static DpmAlgorithm of(SchedulerSettings settings) {
        DpmAlgorithm algorithm = settings.is("algorithm_type", "deis") // left by another scheduler
                ? DATA
                : settings.choice("algorithm_type", DpmAlgorithm.class);
        if (algorithm.predictsNoise()
                && settings.text("final_sigmas_type", Set.of("zero", "sigma_min"))
                        .equals("zero")) {
            throw settings.unsupported("final_sigmas_type", "sigma_min with algorithm_type " + algorithm);
        }
        return algorithm;
    }

    boolean predictsNoise() {
        return this == NOISE || this == NOISE_SDE;
    }

    /** The model as this algorithm integrates it; ε̂ follows x̂₀ where that is clamped. */
    Linear model(Prediction prediction, Level level, Clamp clamp) {
        if (!predictsNoise()) {
            return Linear.X0;
        }
        return clamp instanceof Clamp.None
                ? prediction.epsilon(level)
                : Linear.X.minus(Linear.X0.times(level.signal())).over(level.noise());
    }

    /** What remains of the latent at s, with the noise that an SDE adds on its way. */
    Linear decay(Linear x, Level s, Level t) {
        double h = t.lambda() - s.lambda();
        return switch (this) {
            case DATA -> x.times(t.noise() / s.noise());
            case DATA_SDE ->
                x.times(t.noise() / s.noise() * Math.exp(-h))
                        .plus(Linear.NOISE.times(t.noise() * Math.sqrt(-Math.expm1(-2 * h))));
            case NOISE -> x.times(t.signal() / s.signal());
            case NOISE_SDE ->
                x.times(t.signal() / s.signal()).plus(Linear.NOISE.times(t.noise() * Math.sqrt(Math.expm1(2 * h))));
        };
    }

    /** Weight of D₀. */
    double weight0(Level t, double h) {
        return switch (this) {
            case DATA -> -t.signal() * Math.expm1(-h);
            case DATA_SDE -> -t.signal() * Math.expm1(-2 * h);
            case NOISE -> -t.noise() * Math.expm1(h);
            case NOISE_SDE -> -2 * t.noise() * Math.expm1(h);
        };
    }

    /** Weight of D₁. */
    double weight1(Level t, double h) {
        return switch (this) {
            case DATA -> t.signal() * (Math.expm1(-h) / h + 1);
            case DATA_SDE -> t.signal() * (Math.expm1(-2 * h) / (2 * h) + 1);
            case NOISE -> -t.noise() * (Math.expm1(h) / h - 1);
            case NOISE_SDE -> -2 * t.noise() * (Math.expm1(h) / h - 1);
        };
    }

    /** Weight of D₂. */
    double weight2(Level t, double h) {
        return switch (this) {
            case DATA -> -t.signal() * ((Math.expm1(-h) + h) / (h * h) - 0.5);
            // By the derivation of DATA it would be + 0.5; the samplers that people know have this sign.
            case DATA_SDE -> -t.signal() * ((Math.expm1(-2 * h) + 2 * h) / (4 * h * h) + 0.5);
            case NOISE -> -t.noise() * ((Math.expm1(h) - h) / (h * h) - 0.5);
            case NOISE_SDE -> throw new IllegalStateException("no third order of " + this);
        };
    }

    @Override
    public String toString() {
        return setting;
    }
}
