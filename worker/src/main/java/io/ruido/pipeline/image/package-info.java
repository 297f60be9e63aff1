/** Images with 8-bit colours: finished frames, and previews of latents. */
package io.ruido.pipeline.image;
