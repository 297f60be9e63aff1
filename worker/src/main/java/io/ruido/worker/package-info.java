/**
 * The process that takes jobs from Kafka and runs them: it encodes the prompts, claims the images, denoises them, and
 * stores the results. {@link io.ruido.worker.Worker} wires the parts.
 */
package io.ruido.worker;
