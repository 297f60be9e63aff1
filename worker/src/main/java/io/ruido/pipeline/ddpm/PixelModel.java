package io.ruido.pipeline.ddpm;

import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.model.Network;
import io.ruido.model.unet.UNet2DModel;
import io.ruido.pipeline.family.Codec;
import io.ruido.pipeline.family.ModelFamily;
import io.ruido.pipeline.family.Parts;
import io.ruido.pipeline.family.PixelCodec;
import io.ruido.pipeline.text.Prompts;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Models with a U-Net on pixels, without text. */
abstract sealed class PixelModel implements ModelFamily permits Ddpm, Ddim {
    @Override
    public Map<String, List<Network<?>>> parts() {
        return Map.of("unet", List.of(UNet2DModel.NETWORK));
    }

    @Override
    public LearnedVariance learnedVariance() {
        return LearnedVariance.USED;
    }

    @Override
    public Denoiser denoiser(Parts parts) throws IOException {
        return parts.read("unet", UNet2DModel.NETWORK);
    }

    @Override
    public Codec codec(Parts parts, Denoiser denoiser) {
        return new PixelCodec(denoiser.config().inChannels());
    }

    @Override
    public Prompts prompts(Parts parts, Denoiser denoiser) {
        return (scratch, texts, clipSkip) -> Conditioning.none();
    }
}
