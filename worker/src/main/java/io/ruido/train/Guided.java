package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.tensor.Ops;

/**
 * A denoiser with classifier-free guidance (Ho and Salimans 2022): u + g·(c − u) of its predictions with and without a text.
 *
 * <p>B batch, T states of a text, D their width.
 *
 * @param guidance g; at 1 the prediction without the text is not made
 * @param empty states of the empty text (1, T, D)
 */
record Guided(Denoiser denoiser, double guidance, NDArray empty) {
    /**
     * @param x (B, C, H, W)
     * @param timesteps (B)
     * @param context states of the texts (B, T, D)
     */
    NDArray forward(NDArray x, NDArray timesteps, NDArray context) {
        if (guidance == 1) {
            return denoiser.forward(x, timesteps, Conditioning.ofStates(context));
        }
        NDArray none = empty.broadcast(context.getShape());
        NDList outputs = denoiser.forward(
                        x.concat(x), timesteps.concat(timesteps), Conditioning.ofStates(none.concat(context)))
                .split(2);
        return outputs.get(0).add(Ops.scale(outputs.get(1).sub(outputs.get(0)), guidance));
    }
}
