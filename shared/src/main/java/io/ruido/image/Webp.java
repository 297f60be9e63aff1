package io.ruido.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The container of WebP (RFC 9649, §2). */
final class Webp {
    private static final int HEADER = 12;
    private static final int CHUNK_HEADER = 8;
    private static final int FRAME_HEADER = 16;

    private Webp() {}

    /** Of the largest picture in a file. The size that the file has as a whole need not be that of what is in it. */
    static long pixels(byte[] file) {
        // Longer, so that the size of a frame that is cut off can be read too.
        byte[] padded = Arrays.copyOf(file, file.length + FRAME_HEADER);
        ByteBuffer bytes = ByteBuffer.wrap(padded).order(ByteOrder.LITTLE_ENDIAN);
        long most = 0;
        int at = HEADER;
        while (at + CHUNK_HEADER <= file.length) {
            int data = at + CHUNK_HEADER;
            long size = Integer.toUnsignedLong(bytes.getInt(at + 4));
            switch (new String(file, at, 4, StandardCharsets.US_ASCII)) {
                case "VP8 " -> most = Math.max(most, area(bytes.getShort(data + 6), bytes.getShort(data + 8), 0));
                case "VP8L" -> most = Math.max(most, area(bytes.getInt(data + 1), bytes.getInt(data + 1) >> 14, 1));
                case "ANMF" -> size = FRAME_HEADER; // Its own chunks follow.
                default -> {}
            }
            at = (int) Math.min(file.length, data + size + size % 2);
        }
        return most;
    }

    /** Of sides of 14 bits, to each of which something is to be added. */
    private static long area(int width, int height, int more) {
        return ((width & 0x3fff) + more) * (long) ((height & 0x3fff) + more);
    }
}
