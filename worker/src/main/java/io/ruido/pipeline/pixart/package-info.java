/** PixArt-α and PixArt-Σ: a transformer on latents, conditioned by T5's texts. */
package io.ruido.pipeline.pixart;
