package io.ruido.pipeline.family;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.pipeline.image.LatentPreview;
import io.ruido.tensor.Ops;
import java.io.IOException;

/** The autoencoder of latent diffusion, in the part {@code vae}. */
public final class AutoencoderCodec implements Codec {
    private final AutoencoderKL vae;
    private final DataType type;
    private final LatentPreview preview;

    private AutoencoderCodec(AutoencoderKL vae, NDManager manager, DataType type) {
        this.vae = vae;
        this.type = type;
        this.preview = LatentPreview.fit(vae, manager, type);
    }

    public static AutoencoderCodec read(Parts parts) throws IOException {
        AutoencoderKL vae = AutoencoderKL.read(parts.folder().folder("vae"), parts.manager(), parts.type());
        return new AutoencoderCodec(vae, parts.manager(), parts.type());
    }

    @Override
    public int channels() {
        return vae.config().latentChannels();
    }

    @Override
    public int downscale() {
        return vae.config().downscale();
    }

    @Override
    public NDArray decode(NDArray latents) {
        NDArray unscaled = latents.div(vae.config().scalingFactor());
        return Ops.cast(vae.decode(Ops.cast(unscaled, type)), DataType.FLOAT32);
    }

    /** A draw from the distribution of a picture's latents, scaled. */
    @Override
    public float[] encode(NDArray picture, TorchRandom random) {
        AutoencoderKL.Posterior posterior = vae.encode(Ops.cast(picture, type));
        float[] latents = Ops.cast(posterior.mean(), DataType.FLOAT32).toFloatArray();
        float[] deviation =
                Ops.cast(posterior.logvar(), DataType.FLOAT32).mul(0.5).exp().toFloatArray();
        float[] noise = random.randn(latents.length);
        for (int i = 0; i < latents.length; i++) {
            latents[i] = (float) (vae.config().scalingFactor() * (latents[i] + deviation[i] * noise[i]));
        }
        return latents;
    }

    @Override
    public LatentPreview preview() {
        return preview;
    }
}
