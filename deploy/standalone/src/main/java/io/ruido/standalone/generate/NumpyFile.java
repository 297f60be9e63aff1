package io.ruido.standalone.generate;

import io.ruido.pipeline.Sampling;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Latents in NumPy's format, version 1.0: a magic number, a header padded to 64 bytes, float32 values. */
final class NumpyFile {
    private static final int ALIGNMENT = 64;
    private static final int MAGIC = 10;

    private NumpyFile() {}

    /**
     * Writes latents.
     *
     * @param results results with latents of one shape; the array is (N, L, h, w), or (N, L, f, h, w) for clips
     */
    static void write(Path file, List<Sampling.Result> results) throws IOException {
        long[] shape = results.getFirst().shape().getShape().clone();
        shape[0] = results.size();
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }"
                .formatted(Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(", ")));
        int padded = Math.ceilDiv(MAGIC + header.length() + 1, ALIGNMENT) * ALIGNMENT - MAGIC;
        int values =
                results.stream().mapToInt(result -> result.latents().length).sum();
        ByteBuffer bytes =
                ByteBuffer.allocate(MAGIC + padded + Float.BYTES * values).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put((byte) 0x93)
                .put("NUMPY".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 1)
                .put((byte) 0);
        bytes.putShort((short) padded);
        bytes.put((header + " ".repeat(padded - header.length() - 1) + "\n").getBytes(StandardCharsets.US_ASCII));
        for (Sampling.Result result : results) {
            for (float value : result.latents()) {
                bytes.putFloat(value);
            }
        }
        Files.write(file, bytes.array());
    }
}
