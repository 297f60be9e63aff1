package io.ruido.pipeline.stablediffusion;

import io.ruido.model.Denoiser;
import io.ruido.model.Network;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.text.ClipTextModel;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.family.Parts;
import io.ruido.pipeline.text.Prompts;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** SDXL (Podell et al., 2023): a larger U-Net that is conditioned on sizes, with two text encoders. */
public final class StableDiffusionXl extends LatentDiffusion {
    @Override
    public Set<String> classNames() {
        return Set.of(
                "StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline", "StableDiffusionXLInpaintPipeline");
    }

    @Override
    public Map<String, List<Network<?>>> parts() {
        return Map.of(
                "unet", List.of(UNet2DConditionModel.NETWORK),
                "vae", List.of(AutoencoderKL.NETWORK),
                "text_encoder", List.of(ClipTextModel.NETWORK),
                "text_encoder_2", List.of(ClipTextModel.WITH_PROJECTION));
    }

    @Override
    public void check(ModelFolder folder) {
        if (folder.flag("requires_aesthetics_score")) {
            throw new IllegalArgumentException(
                    "%s: requires_aesthetics_score is true; supported: false".formatted(folder.path()));
        }
    }

    @Override
    public Defaults defaults() {
        return new Defaults(50, 5);
    }

    @Override
    public LearnedVariance learnedVariance() {
        return LearnedVariance.DROPPED;
    }

    @Override
    public Prompts prompts(Parts parts, Denoiser denoiser) throws IOException {
        return XlPrompts.read(parts.folder(), parts.weights());
    }
}
