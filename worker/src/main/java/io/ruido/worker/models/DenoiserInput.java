package io.ruido.worker.models;

import io.ruido.job.SamplingParams;

/**
 * What a call of the denoiser is given for one sample.
 *
 * @param latents (C, h, w), or (C, f, h, w) of a clip, scaled for the timestep
 * @param firstFrameClean whether the first latent frame of a clip is given, and has no noise
 */
public record DenoiserInput(
        SamplingParams params, Conditioning conditioning, float[] latents, float timestep, boolean firstFrameClean) {}
