package io.ruido.clip;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The parameters of a clip in a WebP file, as EXIF's {@code UserComment}, where tools for generated pictures look for them.
 * The chunks are described in the WebP Container Specification, the tags in EXIF 2.3, section 4.6.5.
 */
final class WebpMetadata {
    private static final int RIFF_HEADER = 12;
    private static final int CHUNK_HEADER = 8;
    private static final int EXIF_FLAG = 0x08;
    private static final int EXIF_IFD = 0x8769;
    private static final int USER_COMMENT = 0x9286;
    private static final int TYPE_LONG = 4;
    private static final int TYPE_UNDEFINED = 7;

    private WebpMetadata() {}

    /** The file with a comment. */
    static byte[] added(byte[] webp, int width, int height, String comment) {
        ByteBuffer file = ByteBuffer.wrap(webp).order(ByteOrder.LITTLE_ENDIAN);
        boolean extended = file.getInt(RIFF_HEADER) == fourCc("VP8X");
        byte[] exif = exif(comment);
        int size = webp.length + (extended ? 0 : CHUNK_HEADER + 10) + CHUNK_HEADER + exif.length + exif.length % 2;
        ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(fourCc("RIFF")).putInt(size - CHUNK_HEADER).putInt(fourCc("WEBP"));
        int rest = RIFF_HEADER;
        if (!extended) { // a file of one frame
            out.putInt(fourCc("VP8X")).putInt(10).putInt(0);
            out.putShort((short) (width - 1)).put((byte) (width - 1 >> 16));
            out.putShort((short) (height - 1)).put((byte) (height - 1 >> 16));
        }
        out.put(webp, rest, webp.length - rest);
        out.put(RIFF_HEADER + CHUNK_HEADER, (byte) (out.get(RIFF_HEADER + CHUNK_HEADER) | EXIF_FLAG));
        out.putInt(fourCc("EXIF")).putInt(exif.length).put(exif);
        return out.array();
    }

    /** A TIFF header, a directory that points to the one of EXIF, and that with the comment. */
    private static byte[] exif(String comment) {
        byte[] text = comment.getBytes(StandardCharsets.UTF_16BE);
        int directory = 2 + 12 + 4;
        int exifAt = 8 + directory;
        int textAt = exifAt + directory;
        ByteBuffer out = ByteBuffer.allocate(textAt + 8 + text.length).order(ByteOrder.BIG_ENDIAN);
        out.put("MM".getBytes(StandardCharsets.US_ASCII)).putShort((short) 42).putInt(8);
        entry(out, EXIF_IFD, TYPE_LONG, 1, exifAt);
        entry(out, USER_COMMENT, TYPE_UNDEFINED, 8 + text.length, textAt);
        return out.put("UNICODE\0".getBytes(StandardCharsets.US_ASCII)).put(text).array();
    }

    /** A directory of one entry. */
    private static void entry(ByteBuffer out, int tag, int type, int count, int value) {
        out.putShort((short) 1).putShort((short) tag).putShort((short) type);
        out.putInt(count).putInt(value).putInt(0);
    }

    private static int fourCc(String name) {
        return ByteBuffer.wrap(name.getBytes(StandardCharsets.US_ASCII))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getInt();
    }
}
