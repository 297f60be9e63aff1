/** Low-rank additions (LoRA) that are merged into the weights of a model. */
package io.ruido.pipeline.lora;
