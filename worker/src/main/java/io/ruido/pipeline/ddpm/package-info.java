/** Unconditional models that denoise pixels. */
package io.ruido.pipeline.ddpm;
