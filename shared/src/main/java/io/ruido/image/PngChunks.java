package io.ruido.image;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** The container of PNG (ISO/IEC 15948, §5.3). */
final class PngChunks {
    private static final int SIGNATURE = 8;
    /** Length and type before a chunk's data, and a checksum after it. */
    private static final int AROUND_DATA = 12;

    private PngChunks() {}

    /** The data of the first chunk of a type, or empty when there is none. */
    static Optional<byte[]> find(byte[] file, String type) {
        ByteBuffer bytes = ByteBuffer.wrap(file);
        int at = SIGNATURE;
        while (at + AROUND_DATA <= file.length) {
            int length = bytes.getInt(at);
            if (length < 0 || length > file.length - at - AROUND_DATA) {
                return Optional.empty();
            }
            if (new String(file, at + 4, 4, StandardCharsets.US_ASCII).equals(type)) {
                byte[] data = new byte[length];
                bytes.get(at + 8, data);
                return Optional.of(data);
            }
            at += AROUND_DATA + length;
        }
        return Optional.empty();
    }
}
