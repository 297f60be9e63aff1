package io.ruido.pipeline.family;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.Network;
import io.ruido.pipeline.lora.Loras;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Reads the parts of a model folder.
 *
 * @param manager owner of the weights
 * @param type of the weights
 * @param loras merged into the weights of denoisers and CLIP text encoders
 */
public record Parts(ModelFolder folder, NDManager manager, DataType type, Loras loras) {
    /** @throws IllegalArgumentException naming a setting or tensor that is not supported */
    public <T> T read(String part, Network<T> network) throws IOException {
        Path path = folder.folder(part);
        return network.read(path, loras.weights(path));
    }
}
