package io.ruido.pipeline;

import io.ruido.model.Conditioning;

/**
 * One of several texts that guide the samples of a batch (Liu et al., 2022, §3.2).
 *
 * @param text conditioning of all samples
 * @param weights weight for each sample
 */
public record Guide(Conditioning text, float[] weights) {
    /** Returns whether the weight is 1 for all samples. */
    boolean hasUnitWeights() {
        for (float weight : weights) {
            if (weight != 1) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether both texts have the same number of tokens. */
    boolean hasLengthOf(Conditioning other) {
        return text.states().getShape().equals(other.states().getShape());
    }
}
