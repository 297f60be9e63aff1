/** The language of AUTOMATIC1111's prompts: emphasis, editing, alternation, {@code BREAK} and {@code AND}. */
package io.ruido.pipeline.prompt;
