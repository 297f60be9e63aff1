/**
 * Continuous batching: samples join and leave the denoiser's batch at any step.
 * {@link io.ruido.worker.denoise.DenoiseLoop} schedules the calls, {@link io.ruido.worker.denoise.BatchCurve} learns
 * the efficient batch sizes.
 */
package io.ruido.worker.denoise;
