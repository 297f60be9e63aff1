package io.ruido.pipeline.stablediffusion;

import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.model.Network;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.text.BertModel;
import io.ruido.model.text.ClipTextModel;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.pipeline.family.ModelFolder;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Latent diffusion (Rombach et al., 2022) as Stable Diffusion 1 and 2 use it; the bundled model is one, with BERT's
 * texts.
 */
public final class StableDiffusion extends LatentDiffusion {
    static final Map<String, List<Network<?>>> PARTS = Map.of(
            "unet", List.of(UNet2DConditionModel.NETWORK),
            "vae", List.of(AutoencoderKL.NETWORK),
            "text_encoder", List.of(BertModel.NETWORK, ClipTextModel.NETWORK));

    @Override
    public Set<String> classNames() {
        return Set.of("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline");
    }

    @Override
    public Map<String, List<Network<?>>> parts() {
        return PARTS;
    }

    @Override
    public Defaults defaults() {
        return new Defaults(50, 7.5);
    }

    @Override
    public LearnedVariance learnedVariance() {
        return LearnedVariance.REFUSED;
    }

    /** Corrects early configurations, which have another offset and clip samples, as diffusers does. */
    @Override
    public SchedulerConfig scheduler(ModelFolder folder) throws IOException {
        SchedulerConfig corrected = folder.scheduler().replaced("steps_offset", 1);
        return folder.className().equals("StableDiffusionInpaintPipeline")
                ? corrected.replaced("skip_prk_steps", true)
                : corrected.replaced("clip_sample", false);
    }
}
