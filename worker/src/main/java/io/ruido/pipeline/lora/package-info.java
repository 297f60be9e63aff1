/** Low-rank additions (LoRA) to the layers of a model, as files name and scale them. */
package io.ruido.pipeline.lora;
