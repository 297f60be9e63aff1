package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.tensor.Torch;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Gives the model the first frame of some clips: their first latent frame has no noise, its patches have the timestep
 * 0, and its prediction does not count (Wan Team 2025; {@code expand_timesteps} in diffusers).
 *
 * <p>B batch, C latent channels, f frames of the latents, h and w their sides, N patches, frame by frame.
 *
 * @param share share of the clips with more than one frame
 * @param pixelsOfPatch latents of a frame that one patch has
 */
record FirstFrames(double share, int pixelsOfPatch) {
    /** @param x0 the latents without noise (B, C, f, h, w) */
    ForwardProcess.Batch keep(ForwardProcess.Batch batch, NDArray x0, RandomGenerator random) {
        Shape shape = x0.getShape();
        int count = (int) shape.get(0), frames = (int) shape.get(2);
        int patches = (int) (shape.get(3) * shape.get(4)) / pixelsOfPatch; // of one frame
        float[] noisy = new float[count * frames];
        Arrays.fill(noisy, 1);
        boolean any = false;
        for (int b = 0; b < count; b++) {
            boolean given = random.nextDouble() < share && frames > 1;
            noisy[b * frames] = given ? 0 : 1;
            any |= given;
        }
        if (!any) {
            return batch;
        }
        NDManager scratch = x0.getManager();
        NDArray mask = Torch.tensor(scratch, noisy, new Shape(count, 1, frames, 1, 1));
        NDArray x = batch.x().mul(mask).add(x0.mul(mask.mul(-1).add(1)));
        NDArray each = mask.reshape(count, frames, 1).repeat(2, patches).reshape(count, -1); // (B, N)
        return new ForwardProcess.Batch(
                x,
                batch.timesteps().reshape(count, 1).mul(each),
                batch.wanted(),
                batch.weights().mul(mask));
    }
}
