package io.ruido.pipeline.family;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import io.ruido.adapter.Adapters;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.model.autoencoder.Autoencoder;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.image.LatentPreview;
import io.ruido.plan.Engine;
import io.ruido.plan.PlannedAutoencoder;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The autoencoder of latent diffusion, in the part {@code vae}. */
public final class AutoencoderCodec implements Codec {
    private static final Logger log = LoggerFactory.getLogger(AutoencoderCodec.class);

    private final Parts parts;
    private final Autoencoder vae;
    private final DataType type;
    private final LatentPreview preview;
    private Autoencoder layered; // made when it is first needed

    private AutoencoderCodec(Parts parts, Autoencoder vae) {
        this.parts = parts;
        this.vae = vae;
        this.type = parts.type();
        this.preview = LatentPreview.fit(vae, parts.manager(), type);
    }

    public static AutoencoderCodec read(Parts parts) throws IOException {
        return new AutoencoderCodec(parts, autoencoder(parts));
    }

    private static Autoencoder autoencoder(Parts parts) throws IOException {
        Path folder = parts.folder().folder("vae");
        if (parts.engine() == Engine.EAGER) {
            return AutoencoderKL.read(folder, parts.manager(), parts.type());
        }
        Optional<String> obstacle = PlannedAutoencoder.obstacle(folder, parts.manager(), parts.type());
        if (obstacle.isPresent()) {
            log.info("executing {} layer by layer, without a plan: {}", folder, obstacle.get());
            return AutoencoderKL.read(folder, parts.manager(), parts.type());
        }
        Weights weights = Weights.stored(folder, parts.manager());
        var planned = new PlannedAutoencoder(AutoencoderKL.NETWORK.read(folder, weights), weights);
        planned.prepare();
        return planned;
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
    public List<Frames> decode(NDArray latents) {
        NDArray unscaled = latents.div(vae.config().scalingFactor());
        return Frames.of(Ops.cast(current().decode(Ops.cast(unscaled, type)), DataType.FLOAT32));
    }

    /** The autoencoder, whose layers are called one by one without seams. Where it is planned, it is read once more for that. */
    private synchronized Autoencoder current() {
        if (!Adapters.active() || !(vae instanceof PlannedAutoencoder)) {
            return vae;
        }
        if (layered == null) {
            try {
                layered = AutoencoderKL.read(parts.folder().folder("vae"), parts.manager(), type);
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read the autoencoder's weights: " + e.getMessage(), e);
            }
        }
        return layered;
    }

    /** A draw from the distribution of an image's latents, scaled. */
    @Override
    public float[] encode(NDArray image, TorchRandom random) {
        AutoencoderKL.Posterior posterior = current().encode(Ops.cast(image, type));
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
    public void close() {
        if (vae instanceof PlannedAutoencoder planned) {
            planned.close();
        }
    }

    @Override
    public LatentPreview preview() {
        return preview;
    }
}
