package io.ruido.image;

import com.twelvemonkeys.imageio.metadata.Directory;
import com.twelvemonkeys.imageio.metadata.Entry;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEG;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEGSegment;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEGSegmentUtil;
import com.twelvemonkeys.imageio.metadata.tiff.TIFF;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFReader;
import java.awt.color.ICC_Profile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.InflaterInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * The metadata of an image file. Invalid parts count as absent, because the image itself can be valid.
 *
 * @param orientation how the camera was held (Exif 2.3, §4.6.4): 1 to 8, where 1 is upright
 * @param profile colour profile (ICC.1), or empty for sRGB
 */
record Embedded(int orientation, Optional<ICC_Profile> profile) {
    private static final int UPRIGHT = 1;
    private static final int ICC_TAG = 34675;
    /** The maximum size of a colour profile. A compressed one can claim any size. */
    private static final int LARGEST_PROFILE = 16 << 20;

    private static final byte[] EXIF_PREFIX = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);

    static Embedded of(ImageFile.Format format, byte[] file) {
        try {
            return switch (format) {
                case PNG ->
                    new Embedded(
                            orientation(PngChunks.find(file, "eXIf")),
                            profile(PngChunks.find(file, "iCCP").map(Embedded::inflated)));
                case WEBP -> new Embedded(orientation(Webp.find(file, "EXIF")), profile(Webp.find(file, "ICCP")));
                case JPEG ->
                    new Embedded(
                            orientation(
                                    segments(file, JPEG.APP1, "Exif").stream().findFirst()),
                            profile(joined(segments(file, JPEG.APP2, "ICC_PROFILE"))));
                case TIFF ->
                    new Embedded(
                            orientation(Optional.of(file)),
                            profile(tag(file, ICC_TAG)
                                    .filter(byte[].class::isInstance)
                                    .map(byte[].class::cast)));
                case GIF, BMP -> new Embedded(UPRIGHT, Optional.empty());
            };
        } catch (IOException | RuntimeException e) {
            return new Embedded(UPRIGHT, Optional.empty());
        }
    }

    /** Returns the text of PNG's {@code parameters}, or Exif's user comment. */
    static Optional<String> parameters(ImageFile.Format format, byte[] file) {
        try {
            return switch (format) {
                case PNG -> PngChunks.text(file, "parameters");
                case WEBP -> Webp.find(file, "EXIF").flatMap(Exif::userComment);
                case JPEG ->
                    segments(file, JPEG.APP1, "Exif").stream().findFirst().flatMap(Exif::userComment);
                case TIFF, GIF, BMP -> Optional.empty();
            };
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static int orientation(Optional<byte[]> exif) {
        return exif.flatMap(data -> {
                    int skipped = Arrays.mismatch(data, EXIF_PREFIX) == EXIF_PREFIX.length ? EXIF_PREFIX.length : 0;
                    return tag(Arrays.copyOfRange(data, skipped, data.length), TIFF.TAG_ORIENTATION);
                })
                .filter(Number.class::isInstance)
                .map(value -> ((Number) value).intValue())
                .orElse(UPRIGHT);
    }

    /** Returns the value of a tag in the first directory. */
    private static Optional<Object> tag(byte[] tiff, int id) {
        try (var in = new MemoryCacheImageInputStream(new ByteArrayInputStream(tiff))) {
            Directory directory = new TIFFReader().read(in);
            return Optional.ofNullable(directory.getEntryById(id)).map(Entry::getValue);
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static Optional<ICC_Profile> profile(Optional<byte[]> bytes) {
        try {
            return bytes.map(ICC_Profile::getInstance);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Inflates PNG's iCCP chunk: a zero-terminated name, the compression method, and the compressed profile. */
    private static byte[] inflated(byte[] chunk) {
        int name = 0;
        while (chunk[name] != 0) {
            name++;
        }
        int start = name + 2;
        try (var in = new InflaterInputStream(new ByteArrayInputStream(chunk, start, chunk.length - start))) {
            return in.readNBytes(LARGEST_PROFILE);
        } catch (IOException e) {
            throw new IllegalArgumentException("the profile is not compressed by deflate", e);
        }
    }

    private static List<byte[]> segments(byte[] jpeg, int marker, String name) throws IOException {
        try (var in = new MemoryCacheImageInputStream(new ByteArrayInputStream(jpeg))) {
            return JPEGSegmentUtil.readSegments(in, Map.of(marker, List.of(name))).stream()
                    .map(Embedded::data)
                    .toList();
        }
    }

    private static byte[] data(JPEGSegment segment) {
        try (var in = segment.data()) {
            in.skipNBytes(segment.marker() == JPEG.APP1 ? 1 : 0); // Exif pads its name.
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalArgumentException("a segment is cut off", e);
        }
    }

    /** Joins a JPEG's profile from its pieces, each of which has its number and the total number. */
    private static Optional<byte[]> joined(List<byte[]> pieces) {
        if (pieces.isEmpty()) {
            return Optional.empty();
        }
        ByteArrayOutputStream profile = new ByteArrayOutputStream();
        pieces.stream()
                .sorted(Comparator.comparingInt(piece -> piece[0] & 0xff))
                .forEach(piece -> profile.write(piece, 2, piece.length - 2));
        return Optional.of(profile.toByteArray());
    }
}
