package io.ruido.plan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.autoencoder.Autoencoder;
import io.ruido.model.autoencoder.AutoencoderKLConfig;
import io.ruido.plan.Planned.Input;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** An autoencoder whose calls ONNX Runtime executes. Its encoder is compiled when a picture is first encoded. */
public final class PlannedAutoencoder implements Autoencoder, AutoCloseable {
    private static final Input PICTURES = new Input("pictures", "batch", null, "height", "width");
    private static final Input LATENTS = new Input("latents", "batch", null, "height", "width");

    private final Autoencoder autoencoder;
    private final Planned encoder;
    private final Planned decoder;

    /**
     * @param autoencoder with weights as they are stored, see {@link Weights#stored}
     * @param weights its weights; they must live longer than this
     */
    public PlannedAutoencoder(Autoencoder autoencoder, Weights weights) {
        this.autoencoder = autoencoder;
        this.encoder = new Planned(inputs -> autoencoder.moments(inputs.get(PICTURES)), weights);
        this.decoder = new Planned(inputs -> autoencoder.decodeWhole(inputs.get(LATENTS)), weights);
    }

    /** Returns why an autoencoder cannot be planned, if so. */
    public static Optional<String> obstacle(Path folder, NDManager manager, DataType type) throws IOException {
        return Planned.obstacle(folder, manager, type);
    }

    @Override
    public AutoencoderKLConfig config() {
        return autoencoder.config();
    }

    @Override
    public NDArray moments(NDArray pictures) {
        Shape shape = pictures.getShape();
        int downscale = config().downscale();
        var moments = new Shape(
                shape.get(0), 2L * config().latentChannels(), shape.get(2) / downscale, shape.get(3) / downscale);
        return encoder.call(pictures.getManager(), Map.of(PICTURES, pictures), moments);
    }

    @Override
    public NDArray decodeWhole(NDArray latents) {
        Shape shape = latents.getShape();
        long downscale = config().downscale();
        var pictures =
                new Shape(shape.get(0), config().outChannels(), downscale * shape.get(2), downscale * shape.get(3));
        return decoder.call(latents.getManager(), Map.of(LATENTS, latents), pictures);
    }

    /**
     * Compiles the decoder, so that the first picture does not have to.
     *
     * @throws UnsupportedOperationException naming the operation that cannot be planned
     */
    public void prepare() {
        int side = config().sampleSize() / config().downscale();
        try (var scratch = decoder.manager().newSubManager()) {
            decoder.prepare(Map.of(LATENTS, scratch.zeros(new Shape(1, config().latentChannels(), side, side))));
        }
    }

    @Override
    public void close() {
        encoder.close();
        decoder.close();
    }
}
