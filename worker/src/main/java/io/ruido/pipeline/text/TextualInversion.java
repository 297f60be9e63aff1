package io.ruido.pipeline.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.tensor.SafeTensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An embedding: learned vectors that stand in a prompt for the tokens of a name (Gal et al., 2022, arXiv:2208.01618).
 *
 * @param name in prompts
 * @param vectors (n, D) for each text encoder
 */
public record TextualInversion(String name, List<NDArray> vectors) {
    public TextualInversion {
        vectors = List.copyOf(vectors);
    }

    /**
     * Reads a file as diffusers, kohya's trainer and AUTOMATIC1111's web UI write it: one tensor for each text encoder, of any
     * name.
     *
     * @param manager owner of the vectors
     * @throws IOException when the file is missing, truncated or malformed
     * @throws IllegalArgumentException naming a tensor that does not consist of vectors
     */
    public static TextualInversion read(Path file, String name, NDManager manager) throws IOException {
        Map<String, NDArray> tensors = SafeTensors.read(file, manager, DataType.FLOAT32);
        tensors.forEach((tensor, values) -> {
            int dimensions = values.getShape().dimension();
            if (dimensions < 1 || dimensions > 2 || values.isEmpty()) {
                throw new IllegalArgumentException("%s: tensor %s of shape %s does not consist of vectors"
                        .formatted(file, tensor, values.getShape()));
            }
        });
        return new TextualInversion(
                name,
                tensors.values().stream()
                        .map(values -> values.reshape(
                                -1, values.getShape().get(values.getShape().dimension() - 1)))
                        .toList());
    }

    /** The vectors for a text encoder of width D, if there are such. */
    public Optional<NDArray> ofWidth(long width) {
        return vectors.stream().filter(one -> one.getShape().get(1) == width).findFirst();
    }
}
