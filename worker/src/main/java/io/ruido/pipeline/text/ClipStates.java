package io.ruido.pipeline.text;

import ai.djl.ndarray.NDArray;
import io.ruido.model.text.ClipTextModel;

/** States of a CLIP text encoder that are taken before its end. */
public final class ClipStates {
    private ClipStates() {}

    /**
     * @param skip layers that are left out
     * @throws IllegalArgumentException when there are not that many
     */
    public static NDArray before(ClipTextModel.Output output, int skip) {
        int layers = output.hidden().size() - 1;
        if (skip < 0 || skip > layers) {
            throw new IllegalArgumentException(
                    "clip skip must leave 0 to %d layers, leaves %d".formatted(layers, layers - skip));
        }
        return output.hidden().get(layers - skip);
    }
}
