/**
 * The process that takes jobs from Kafka and draws them: it claims an image, encodes its text, has it denoised, and stores the
 * result. {@link io.ruido.worker.Worker} wires the parts.
 */
package io.ruido.worker;
