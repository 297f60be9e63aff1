package io.ruido.pipeline;

import ai.djl.ndarray.NDArray;
import io.ruido.model.ClipTextModel;

/** States of a CLIP text encoder that are taken before its end. */
final class ClipStates {
    private ClipStates() {}

    /**
     * @param skip layers that are left out
     * @throws IllegalArgumentException when there are not that many
     */
    static NDArray before(ClipTextModel.Output output, int skip) {
        int layers = output.hidden().size() - 1;
        if (skip < 0 || skip > layers) {
            throw new IllegalArgumentException(
                    "clip skip must leave 0 to %d layers, leaves %d".formatted(layers, layers - skip));
        }
        return output.hidden().get(layers - skip);
    }
}
