package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.HashMap;
import java.util.Map;

/**
 * Noise that Euler's method adds before a step (Karras et al., 2022, algorithm 2).
 *
 * @param churn amount for all steps together; 0 for none
 * @param tmin smallest σ at which it is added
 * @param tmax largest σ; null for any
 * @param noise factor of the noise
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Churn(double churn, double tmin, Double tmax, double noise) {
    /** No noise. */
    public static final Churn NONE = new Churn(0, 0, null, 1);

    public Churn {
        check(churn >= 0 && Double.isFinite(churn), "sChurn", churn, "must be a finite number of at least 0");
        check(tmin >= 0 && Double.isFinite(tmin), "sTmin", tmin, "must be a finite number of at least 0");
        check(tmax == null || tmax >= 0, "sTmax", tmax, "must be at least 0");
        check(noise >= 0 && Double.isFinite(noise), "sNoise", noise, "must be a finite number of at least 0");
    }

    /** Returns the settings of Euler's method by diffusers' names; empty for no noise. */
    public Map<String, Object> settings() {
        if (churn == 0) {
            return Map.of();
        }
        Map<String, Object> settings = new HashMap<>(Map.of("s_churn", churn, "s_tmin", tmin, "s_noise", noise));
        settings.put("s_tmax", tmax);
        return settings;
    }
}
