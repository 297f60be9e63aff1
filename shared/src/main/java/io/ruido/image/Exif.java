package io.ruido.image;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Exif data with one text (Exif 2.3, §4.5 and §4.6.5), where programs of AUTOMATIC1111's kind look for parameters. */
final class Exif {
    private static final int EXIF_DIRECTORY = 0x8769;
    private static final int USER_COMMENT = 0x9286;
    private static final short LONG = 4;
    private static final short UNDEFINED = 7;
    /** A header of 8 bytes, and two directories of one entry. */
    private static final int FIRST = 8;

    private static final int DIRECTORY = 2 + 12 + 4;

    private Exif() {}

    /** @param limit in bytes; the text is cut off there */
    static byte[] userComment(String text, int limit) {
        byte[] code = "UNICODE\0".getBytes(StandardCharsets.US_ASCII);
        byte[] all = text.getBytes(StandardCharsets.UTF_16BE);
        int start = FIRST + 2 * DIRECTORY;
        byte[] comment = Arrays.copyOf(all, Math.min(all.length, (limit - start - code.length) / 2 * 2));
        int length = code.length + comment.length;
        ByteBuffer out = ByteBuffer.allocate(start + length);
        out.put("MM".getBytes(StandardCharsets.US_ASCII)).putShort((short) 42).putInt(FIRST);
        directory(out, EXIF_DIRECTORY, LONG, 1, FIRST + DIRECTORY);
        directory(out, USER_COMMENT, UNDEFINED, length, start);
        return out.put(code).put(comment).array();
    }

    private static void directory(ByteBuffer out, int tag, short type, int count, int value) {
        out.putShort((short) 1).putShort((short) tag).putShort(type).putInt(count).putInt(value);
        out.putInt(0); // No directory follows.
    }
}
