package io.ruido.evaluation;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Ops;

/** The distance of two sets of features, as if both were normally distributed. */
public final class Frechet {
    private Frechet() {}

    /**
     * ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½). With Σ = XᵀX of centred features X/√(n−1), the last trace is the sum of the
     * singular values of X₁X₂ᵀ, so no root of a matrix is needed, and fewer samples than features will do.
     *
     * @param some (N, F)
     * @param others (M, F)
     */
    public static double distance(NDArray some, NDArray others) {
        NDArray mu1 = some.mean(new int[] {0}), mu2 = others.mean(new int[] {0}); // (F)
        NDArray x1 = scaled(some.sub(mu1)), x2 = scaled(others.sub(mu2));
        double means = mu1.sub(mu2).square().sum().getFloat();
        double traces = x1.square().sum().getFloat() + x2.square().sum().getFloat();
        return means
                + traces
                - 2 * Ops.call("nuclear_norm", x1.matMul(x2.transpose())).getFloat();
    }

    private static NDArray scaled(NDArray centred) {
        return centred.div((float) Math.sqrt(Math.max(1, centred.getShape().get(0) - 1)));
    }
}
