package io.ruido.worker.models;

import io.ruido.job.SamplingParams;

/**
 * What a call of the denoiser is given for one sample.
 *
 * @param latents (C, h, w), or (C, f, h, w) of a clip, scaled for the timestep
 */
public record DenoiserInput(SamplingParams params, Conditioning conditioning, float[] latents, float timestep) {}
