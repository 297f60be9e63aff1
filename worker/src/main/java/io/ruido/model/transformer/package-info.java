/** Transformers over patches that denoise latents. */
package io.ruido.model.transformer;
