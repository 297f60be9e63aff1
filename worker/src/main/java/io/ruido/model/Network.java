package io.ruido.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A network class that model folders can name.
 *
 * @param className name of the class in diffusers or transformers
 * @param builder builds the network
 */
public record Network<T>(String className, Builder<T> builder) {
    /** Builds a network of the settings in a {@code config.json}; it refuses settings and tensors that do not fit. */
    @FunctionalInterface
    public interface Builder<T> {
        T build(JsonNode config, Weights weights);
    }

    /**
     * Reads {@code config.json} of a folder.
     *
     * @param weights weights of this folder
     * @throws IllegalArgumentException naming a setting or tensor that is not supported
     */
    public T read(Path folder, Weights weights) throws IOException {
        T network = builder.build(ModelSettings.read(folder), weights);
        weights.rejectUnread();
        return network;
    }
}
