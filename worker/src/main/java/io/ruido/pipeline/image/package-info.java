/** Pictures of 8-bit colours: finished ones, PNG files of them, and rough previews of latents. */
package io.ruido.pipeline.image;
