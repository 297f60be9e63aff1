/** Stable Diffusion and what descends from it: a U-Net on latents, conditioned by CLIP's texts. */
package io.ruido.pipeline.stablediffusion;
