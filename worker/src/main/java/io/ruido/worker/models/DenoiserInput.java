package io.ruido.worker.models;

import io.ruido.job.SamplingParams;
import io.ruido.pipeline.lora.AppliedLora;
import java.util.List;

/**
 * The input of a denoiser call for one sample.
 *
 * @param latents (C, h, w), or (C, f, h, w) of a clip, scaled for the timestep
 * @param firstFrameClean whether the first latent frame of a clip is given, and has no noise
 * @param loras added to the denoiser's layers
 */
public record DenoiserInput(
        SamplingParams params,
        Conditioning.Current conditioning,
        float[] latents,
        float timestep,
        boolean firstFrameClean,
        List<AppliedLora> loras) {}
