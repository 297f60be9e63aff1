/** Tokenizers and text encoders: from prompts to what conditions a denoiser. */
package io.ruido.pipeline.text;
