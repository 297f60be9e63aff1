package io.ruido.train.data;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.tensor.SafeTensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/** A tensor that is computed once and stored in a folder under a name derived from its inputs. */
public record Precomputed(Path file) {
    private static final String NAME = "tensor";

    public interface Computation {
        NDArray compute(NDManager scratch) throws IOException;
    }

    /** Named by the texts and the contents of the files that the tensor depends on. */
    public static Precomputed of(Path folder, String name, List<String> texts, List<Path> files) throws IOException {
        CRC32C checksum = new CRC32C();
        texts.forEach(text -> checksum.update(ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8))));
        for (Path file : files) {
            checksum.update(ByteBuffer.wrap(Files.readAllBytes(file)));
        }
        return new Precomputed(folder.resolve("%s-%08x.safetensors".formatted(name, checksum.getValue())));
    }

    /** Reads the tensor from its float16 file, or computes and writes it when there is none. */
    public NDArray get(NDManager manager, DataType type, Computation computation) throws IOException {
        if (!Files.exists(file)) {
            Files.createDirectories(file.getParent());
            try (NDManager scratch = manager.newSubManager()) {
                SafeTensors.write(file, Map.of(NAME, computation.compute(scratch)), DataType.FLOAT16);
            }
        }
        return SafeTensors.read(file, manager, type).get(NAME);
    }
}
