package io.ruido.image;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/** The container of PNG (ISO/IEC 15948, §5.3). */
final class PngChunks {
    private static final int SIGNATURE = 8;
    /** The bytes of length, type and checksum around a chunk's data. */
    private static final int AROUND_DATA = 12;

    private PngChunks() {}

    /** Returns an uncompressed text (ISO/IEC 15948, §11.3.4), or empty when there is none. */
    static Optional<String> text(byte[] file, String keyword) {
        return all(file)
                .filter(chunk -> chunk.type.equals("tEXt") || chunk.type.equals("iTXt"))
                .filter(chunk -> new String(chunk.data, StandardCharsets.ISO_8859_1).startsWith(keyword + "\0"))
                .map(chunk -> {
                    boolean latin = chunk.type.equals("tEXt");
                    Charset charset = latin ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8;
                    // iTXt has two bytes for compression, the language, and the translated keyword before the text.
                    String rest = new String(chunk.data, charset).substring(keyword.length() + (latin ? 1 : 3));
                    return latin ? rest : rest.split("\0", 3)[2];
                })
                .findFirst();
    }

    /** Returns the data of the first chunk of a type, or empty when there is none. */
    static Optional<byte[]> find(byte[] file, String type) {
        return all(file)
                .filter(chunk -> chunk.type.equals(type))
                .map(Chunk::data)
                .findFirst();
    }

    private record Chunk(String type, byte[] data) {}

    /** Returns all chunks up to a truncated one. */
    private static Stream<Chunk> all(byte[] file) {
        Stream.Builder<Chunk> chunks = Stream.builder();
        ByteBuffer bytes = ByteBuffer.wrap(file);
        int at = SIGNATURE;
        while (at + AROUND_DATA <= file.length) {
            int length = bytes.getInt(at);
            if (length < 0 || length > file.length - at - AROUND_DATA) {
                break;
            }
            String type = new String(file, at + 4, 4, StandardCharsets.US_ASCII);
            // Pixel data is not needed here.
            if (!type.equals("IDAT")) {
                chunks.add(new Chunk(type, Arrays.copyOfRange(file, at + 8, at + 8 + length)));
            }
            at += AROUND_DATA + length;
        }
        return chunks.build();
    }
}
