package io.ruido.train;

import ai.djl.ndarray.NDArray;
import com.fasterxml.jackson.annotation.JsonProperty;

/** What the denoiser learns to predict from x_t = s·x₀ + r·ε, where s = √ᾱ_t and r = √(1−ᾱ_t), named as diffusers names it. */
enum Target {
    /** ε (Ho et al. 2020, equation 14). */
    @JsonProperty("epsilon")
    EPSILON {
        @Override
        float of(float x0, float eps, float s, float r) {
            return eps;
        }

        @Override
        NDArray x0(NDArray x, NDArray output, float s, float r) {
            return x.sub(output.mul(r)).div(s);
        }

        @Override
        NDArray eps(NDArray x, NDArray output, float s, float r) {
            return output;
        }

        @Override
        double minSnrWeight(double snr, double gamma) {
            return Math.min(snr, gamma) / snr;
        }
    },
    /** v = s·ε − r·x₀ (Salimans and Ho 2022, appendix D): it asks for the picture where there is little but noise. */
    @JsonProperty("v_prediction")
    V_PREDICTION {
        @Override
        float of(float x0, float eps, float s, float r) {
            return s * eps - r * x0;
        }

        @Override
        NDArray x0(NDArray x, NDArray output, float s, float r) {
            return x.mul(s).sub(output.mul(r));
        }

        @Override
        NDArray eps(NDArray x, NDArray output, float s, float r) {
            return output.mul(s).add(x.mul(r));
        }

        @Override
        double minSnrWeight(double snr, double gamma) {
            return Math.min(snr, gamma) / (snr + 1);
        }
    };

    abstract float of(float x0, float eps, float s, float r);

    /** The estimate of x₀ that an output means. */
    abstract NDArray x0(NDArray x, NDArray output, float s, float r);

    /** The estimate of ε that an output means. */
    abstract NDArray eps(NDArray x, NDArray output, float s, float r);

    /** The loss weight of a timestep (Hang et al. 2023, §3.4). */
    abstract double minSnrWeight(double snr, double gamma);
}
