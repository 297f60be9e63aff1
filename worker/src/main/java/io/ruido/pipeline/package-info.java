/** Reads a folder in the layout of diffusers and joins its text encoder, denoiser and autoencoder. */
package io.ruido.pipeline;
