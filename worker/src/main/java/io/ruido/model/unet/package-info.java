/** U-Nets that denoise latents or pixels. */
package io.ruido.model.unet;
