package io.ruido.pipeline.family;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.Network;
import io.ruido.plan.Engine;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Reads the parts of a model folder.
 *
 * @param manager owner of the weights
 * @param type type of the weights
 * @param engine executes the networks that it supports
 * @param weights reads the weights of a part's folder
 */
public record Parts(ModelFolder folder, NDManager manager, DataType type, Engine engine, WeightsReader weights) {
    /** Reads the weights of a part's folder. */
    @FunctionalInterface
    public interface WeightsReader {
        Weights read(Path folder) throws IOException;
    }

    /** @throws IllegalArgumentException naming a setting or tensor that is not supported */
    public <T> T read(String part, Network<T> network) throws IOException {
        Path path = folder.folder(part);
        return network.read(path, weights.read(path));
    }
}
