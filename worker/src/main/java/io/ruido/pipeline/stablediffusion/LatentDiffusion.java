package io.ruido.pipeline.stablediffusion;

import io.ruido.model.Denoiser;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.pipeline.family.AutoencoderCodec;
import io.ruido.pipeline.family.Codec;
import io.ruido.pipeline.family.ModelFamily;
import io.ruido.pipeline.family.Parts;
import io.ruido.pipeline.text.Prompts;
import io.ruido.pipeline.text.TextEncoder;
import java.io.IOException;

/** Latent diffusion (Rombach et al., 2022): a U-Net on the latents of an autoencoder, conditioned on text. */
abstract sealed class LatentDiffusion implements ModelFamily
        permits LatentConsistency, StableDiffusion, StableDiffusionXl {
    @Override
    public Denoiser denoiser(Parts parts) throws IOException {
        return parts.read("unet", UNet2DConditionModel.NETWORK);
    }

    @Override
    public Codec codec(Parts parts, Denoiser denoiser) throws IOException {
        return AutoencoderCodec.read(parts);
    }

    @Override
    public Prompts prompts(Parts parts, Denoiser denoiser) throws IOException {
        return TextEncoder.read(parts.folder().path(), parts.manager(), parts.type(), parts.weights());
    }
}
