/** DiT: a transformer on latents, conditioned by classes. */
package io.ruido.pipeline.dit;
