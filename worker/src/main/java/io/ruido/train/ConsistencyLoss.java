package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.tensor.Torch;

/**
 * Latent consistency distillation (Luo et al. 2023, arXiv:2310.04378, algorithm 1) at one guidance: the model learns to
 * predict from x_t what its moving average predicts after one step of the teacher.
 *
 * @param process noise schedule and prediction type of the new model
 * @param huber c of the pseudo-Huber loss √(d² + c²) − c
 */
record ConsistencyLoss(Teacher teacher, ForwardProcess process, double huber) {
    /**
     * @param average moving average of the model, which gives no gradient
     * @param x0 images' latents (B, C, H, W)
     * @param eps noise of the same shape
     * @param from timesteps that the teacher's step begins at
     * @param to timesteps that it ends at; 0 is the end of the way
     * @param context states of the captions (B, T, D)
     */
    NDArray of(Denoiser model, Denoiser average, NDArray x0, NDArray eps, int[] from, int[] to, NDArray context) {
        NDArray x = process.noisy(x0, eps, from);
        NDArray wanted = consistent(average, teacher.step(x, from, to, context), to, context)
                .stopGradient();
        NDArray error = consistent(model, x, from, context).sub(wanted);
        return error.square()
                .add((float) (huber * huber))
                .sqrt()
                .sub((float) huber)
                .mean();
    }

    /**
     * The consistency function: x̂₀, and x itself at timestep 0 (Song et al. 2023, arXiv:2303.01469, equation 5). LCM's
     * scalings differ from 0 and 1 by less than 10⁻⁵ at the timesteps of a grid.
     */
    private NDArray consistent(Denoiser denoiser, NDArray x, int[] t, NDArray context) {
        NDArray output = denoiser.forward(x, ForwardProcess.tensor(x.getManager(), t), Conditioning.ofStates(context));
        float[] inside = new float[t.length];
        for (int b = 0; b < t.length; b++) {
            inside[b] = t[b] == 0 ? 0 : 1;
        }
        NDArray mask = Torch.tensor(x.getManager(), inside, new Shape(t.length, 1, 1, 1));
        return x.add(process.x0(x, output, t).sub(x).mul(mask));
    }
}
