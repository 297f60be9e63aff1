/** Random numbers: PyTorch's generator, Brownian paths, and interpolation between noises. */
package io.ruido.diffusion.noise;
