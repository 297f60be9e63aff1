/**
 * Trains models from images with captions, and exports them as diffusers folders. A recipe selects the stages that
 * {@link io.ruido.train.Train} runs: an autoencoder (Kingma and Welling 2013; Rombach et al. 2021, §3.1) and a denoiser
 * of its latents (Ho et al. 2020), the same for clips, a denoiser of pixels, a distillation, or a GAN. All share one
 * loop, in {@code optimization}.
 */
package io.ruido.train;
