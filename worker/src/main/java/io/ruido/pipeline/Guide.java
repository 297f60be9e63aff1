package io.ruido.pipeline;

import io.ruido.model.Conditioning;

/**
 * One of several texts that guide the samples of a batch (Liu et al., 2022, §3.2).
 *
 * @param text conditioning of all samples
 * @param weights weight for each sample
 */
public record Guide(Conditioning text, float[] weights) {
    /** Returns whether its weight is 1 for all samples. */
    boolean alone() {
        for (float weight : weights) {
            if (weight != 1) {
                return false;
            }
        }
        return true;
    }

    boolean asLongAs(Conditioning other) {
        return text.states().getShape().equals(other.states().getShape());
    }
}
