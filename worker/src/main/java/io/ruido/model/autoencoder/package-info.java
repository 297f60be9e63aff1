/** Autoencoders, between pixels and latents. */
package io.ruido.model.autoencoder;
