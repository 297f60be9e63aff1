package io.ruido.train;

import ai.djl.ndarray.NDArray;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.tensor.Ops;

/**
 * The loss of reconstructions: L1 of values and of their differences to the neighbours along each axis, and a small KL
 * divergence of the latents (Rombach et al. 2021, §3.1).
 *
 * @param squared weight of the squared error, beside 1 for the absolute one
 * @param gradient weight of the differences
 * @param kl weight of the Kullback-Leibler divergence from N(0, 1), per latent number
 */
record ReconstructionLoss(double squared, double gradient, double kl) {
    private static final int FIRST_AXIS = 2; // after the batch and the channels

    /**
     * One number.
     *
     * @param x (B, C, H, W), or (B, C, T, H, W) of clips
     * @param y of the same shape
     */
    NDArray of(NDArray x, NDArray y, AutoencoderKL.Posterior q) {
        NDArray error = y.sub(x);
        NDArray loss = error.abs().mean().add(Ops.scale(error.square().mean(), squared));
        NDArray divergence =
                q.mean().square().add(q.logvar().exp()).sub(q.logvar()).sub(1).mean();
        return loss.add(Ops.scale(edges(error), gradient)).add(Ops.scale(divergence, kl / 2));
    }

    /** The last axis first; an axis of one has no neighbours. */
    private static NDArray edges(NDArray error) {
        int last = error.getShape().dimension() - 1;
        NDArray edges = step(error, last).abs().mean();
        for (int axis = last - 1; axis >= FIRST_AXIS; axis--) {
            if (error.getShape().get(axis) > 1) {
                edges = edges.add(step(error, axis).abs().mean());
            }
        }
        return edges;
    }

    private static NDArray step(NDArray error, int axis) {
        String before = ":, ".repeat(axis);
        return error.get(before + "1:").sub(error.get(before + ":-1"));
    }
}
