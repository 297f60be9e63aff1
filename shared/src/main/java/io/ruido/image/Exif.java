package io.ruido.image;

import com.twelvemonkeys.imageio.metadata.Directory;
import com.twelvemonkeys.imageio.metadata.Entry;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Exif data with a user comment (Exif 2.3, §4.5 and §4.6.5), in which AUTOMATIC1111 and compatible programs store
 * parameters.
 */
final class Exif {
    private static final int EXIF_DIRECTORY = 0x8769;
    private static final int USER_COMMENT = 0x9286;
    private static final short LONG = 4;
    private static final short UNDEFINED = 7;
    /** A header of 8 bytes, and two directories of one entry. */
    private static final int FIRST = 8;

    private static final byte[] CODE = "UNICODE\0".getBytes(StandardCharsets.US_ASCII);

    private static final int DIRECTORY = 2 + 12 + 4;

    private Exif() {}

    /** @param limit maximum number of bytes, after which the text is cut off */
    static byte[] userComment(String text, int limit) {
        byte[] all = text.getBytes(StandardCharsets.UTF_16BE);
        int start = FIRST + 2 * DIRECTORY;
        byte[] comment = Arrays.copyOf(all, Math.min(all.length, (limit - start - CODE.length) / 2 * 2));
        int length = CODE.length + comment.length;
        ByteBuffer out = ByteBuffer.allocate(start + length);
        out.put("MM".getBytes(StandardCharsets.US_ASCII)).putShort((short) 42).putInt(FIRST);
        directory(out, EXIF_DIRECTORY, LONG, 1, FIRST + DIRECTORY);
        directory(out, USER_COMMENT, UNDEFINED, length, start);
        return out.put(CODE).put(comment).array();
    }

    /** Returns the user comment, or empty when there is none. */
    static Optional<String> userComment(byte[] exif) {
        byte[] prefix = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);
        int skipped = Arrays.mismatch(exif, prefix) == prefix.length ? prefix.length : 0;
        try (var in = new MemoryCacheImageInputStream(new ByteArrayInputStream(exif, skipped, exif.length - skipped))) {
            Entry directory = new TIFFReader().read(in).getEntryById(EXIF_DIRECTORY);
            Entry comment = directory == null ? null : ((Directory) directory.getValue()).getEntryById(USER_COMMENT);
            return comment != null && comment.getValue() instanceof byte[] bytes && bytes.length > CODE.length
                    ? Optional.of(new String(bytes, CODE.length, bytes.length - CODE.length, charset(bytes)))
                    : Optional.empty();
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static Charset charset(byte[] comment) {
        boolean unicode = Arrays.mismatch(comment, CODE) < 0 || Arrays.mismatch(comment, CODE) == CODE.length;
        return unicode ? StandardCharsets.UTF_16BE : StandardCharsets.UTF_8;
    }

    private static void directory(ByteBuffer out, int tag, short type, int count, int value) {
        out.putShort((short) 1)
                .putShort((short) tag)
                .putShort(type)
                .putInt(count)
                .putInt(value);
        out.putInt(0); // No directory follows.
    }
}
