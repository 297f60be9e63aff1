package io.ruido.pipeline;

import io.ruido.model.Conditioning;

/**
 * A text that guides each sample of a batch beside others (Liu et al., 2022, §3.2).
 *
 * @param text of all samples
 * @param weights how much it guides, one for each sample
 */
public record Guide(Conditioning text, float[] weights) {
    /** Whether it has all of the guidance. */
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
