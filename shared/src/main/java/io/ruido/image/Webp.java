package io.ruido.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** The container of WebP (RFC 9649, §2). */
final class Webp {
    private static final int HEADER = 12;
    private static final int CHUNK_HEADER = 8;
    private static final int FRAME_HEADER = 16;
    private static final int VP8X_LENGTH = 10;
    private static final byte HAS_EXIF = 0x08;

    private Webp() {}

    @FunctionalInterface
    private interface Visitor {
        /** @param data offset of the chunk's data */
        void chunk(String type, int data, int length);
    }

    /** Returns the number of pixels of the largest frame in a file, which can differ from the size in its header. */
    static long pixels(byte[] file) {
        // Padded, so that the size of a truncated frame can be read too.
        byte[] padded = Arrays.copyOf(file, file.length + FRAME_HEADER);
        ByteBuffer bytes = ByteBuffer.wrap(padded).order(ByteOrder.LITTLE_ENDIAN);
        long[] most = {0};
        visit(file, (type, data, length) -> {
            switch (type) {
                case "VP8 " -> most[0] = Math.max(most[0], area(bytes.getShort(data + 6), bytes.getShort(data + 8), 0));
                case "VP8L" ->
                    most[0] = Math.max(most[0], area(bytes.getInt(data + 1), bytes.getInt(data + 1) >> 14, 1));
                default -> {}
            }
        });
        return most[0];
    }

    /** Returns the data of the first chunk of a type, or empty when there is none. */
    static Optional<byte[]> find(byte[] file, String wanted) {
        byte[][] found = {null};
        visit(file, (type, data, length) -> {
            if (found[0] == null && type.equals(wanted) && data + length <= file.length) {
                found[0] = Arrays.copyOfRange(file, data, data + length);
            }
        });
        return Optional.ofNullable(found[0]);
    }

    /** Adds Exif data to the file of an image or animation, in the extended format (§2.7). */
    static byte[] withExif(byte[] file, int width, int height, byte[] exif) {
        boolean extended = new String(file, HEADER, 4, StandardCharsets.US_ASCII).equals("VP8X");
        int chunks = file.length - HEADER;
        int header = extended ? 0 : CHUNK_HEADER + VP8X_LENGTH;
        int size = HEADER + header + chunks + CHUNK_HEADER + exif.length + exif.length % 2;
        ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        out.put(ascii("RIFF")).putInt(size - CHUNK_HEADER).put(ascii("WEBP"));
        if (!extended) {
            out.put(ascii("VP8X")).putInt(VP8X_LENGTH).putInt(0);
            put24(out, width - 1);
            put24(out, height - 1);
        }
        out.put(file, HEADER, chunks);
        int flags = HEADER + CHUNK_HEADER;
        out.put(flags, (byte) (out.get(flags) | HAS_EXIF));
        out.put(ascii("EXIF")).putInt(exif.length).put(exif);
        return out.array();
    }

    private static void visit(byte[] file, Visitor visitor) {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int at = HEADER;
        while (at + CHUNK_HEADER <= file.length) {
            int data = at + CHUNK_HEADER;
            String type = new String(file, at, 4, StandardCharsets.US_ASCII);
            long length = Integer.toUnsignedLong(bytes.getInt(at + 4));
            visitor.chunk(type, data, (int) Math.min(length, Integer.MAX_VALUE - data));
            // The chunks of a frame follow its header.
            long skipped = type.equals("ANMF") ? FRAME_HEADER : length + length % 2;
            at = (int) Math.min(file.length, data + skipped);
        }
    }

    /** Returns the area of two sides of 14 bits each, after {@code more} is added to both. */
    private static long area(int width, int height, int more) {
        return ((width & 0x3fff) + more) * (long) ((height & 0x3fff) + more);
    }

    private static void put24(ByteBuffer out, int value) {
        out.putShort((short) value).put((byte) (value >> 16));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
