package io.ruido.diffusion;

import io.ruido.diffusion.schedules.SchedulerSettings;

/** How the estimate x̂₀ of the clean latent is kept in range before a step uses it. */
public sealed interface Clamp {
    record None() implements Clamp {}

    /** x̂₀ ← max(−limit, min(limit, x̂₀)). */
    record Range(double limit) implements Clamp {}

    /**
     * Dynamic thresholding (Saharia et al. 2022, section 2.3): with s the {@code ratio} quantile (linear interpolation)
     * of the sample's |x̂₀|, limited to 1 … {@code maximum}, x̂₀ ← clamp(x̂₀, −s, s) / s.
     */
    record Dynamic(double ratio, double maximum) implements Clamp {}

    static Clamp of(SchedulerSettings settings) {
        if (settings.flag("thresholding")) {
            return new Dynamic(
                    settings.decimal("dynamic_thresholding_ratio", 0, 1), settings.decimal("sample_max_value"));
        }
        return settings.flag("clip_sample") ? new Range(settings.decimal("clip_sample_range")) : new None();
    }
}
