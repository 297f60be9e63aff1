package io.ruido.train;

import ai.djl.ndarray.NDArray;

/**
 * The distance of generated samples to what a teacher makes of them once they are noisy, weighted by √ᾱ_t: "Adversarial
 * Diffusion Distillation" (Sauer et al. 2023, arXiv:2311.17042), §3.3.
 */
record DistillationLoss(Teacher teacher, double weight) {
    /**
     * @param samples (B, C, H, W); the gradient reaches them, but not through the teacher
     * @param eps noise of the same shape
     * @param t how noisy each of the samples is given to the teacher
     * @param context states of the captions (B, T, D)
     */
    NDArray of(NDArray samples, NDArray eps, int[] t, NDArray context) {
        NDArray x = teacher.process().noisy(samples.stopGradient(), eps, t);
        NDArray wanted = teacher.x0(x, t, context);
        NDArray weights = teacher.process().signal(samples.getManager(), t).mul((float) weight); // (B, 1, 1, 1)
        return samples.sub(wanted).square().mul(weights).mean();
    }
}
