package io.ruido.model.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.ruido.tensor.Ops;

/** The way back from tokens to an image. */
final class Patches {
    private Patches() {}

    /**
     * @param tokens (B, N, p·p·C)
     * @param latents what was cut into patches (B, C', H, W)
     * @param patch p
     * @return (B, C, H, W)
     */
    static NDArray join(NDArray tokens, NDArray latents, int patch) {
        NDManager scratch = tokens.getManager();
        NDArray rows = scratch.create(latents.getShape().get(2) / patch);
        NDArray columns = scratch.create(latents.getShape().get(3) / patch);
        return Ops.call("unpatchify", tokens, rows, columns, scratch.create(patch));
    }
}
