/**
 * Trains what the worker serves: pictures with captions in, a diffusers folder out. Two stages, one loop: an autoencoder
 * (Kingma and Welling 2013; Rombach et al. 2021, §3.1) and an ε-predicting denoiser (Ho et al. 2020) on its latents.
 */
package io.ruido.train;
