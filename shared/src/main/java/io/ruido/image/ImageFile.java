package io.ruido.image;

import com.twelvemonkeys.imageio.metadata.jpeg.JPEG;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEGSegment;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEGSegmentUtil;
import io.ruido.job.InvalidFieldException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * A decoded image file from a client. If the file has several images, this is the first one.
 *
 * @param image 8-bit red, green and blue (sRGB), upright, without transparency
 */
public record ImageFile(Format format, BufferedImage image) {
    /** The supported formats, which are recognized by their first bytes. */
    public enum Format {
        PNG("image/png", "89504e470d0a1a0a"),
        JPEG("image/jpeg", "ffd8ff"),
        WEBP("image/webp", "52494646........57454250"),
        GIF("image/gif", "47494638(37|39)61"),
        BMP("image/bmp", "424d"),
        TIFF("image/tiff", "(49492a00|4d4d002a)");

        /** The names of all formats, for messages. */
        public static final String NAMES = Stream.of(values())
                .map(format -> format == WEBP ? "WebP" : format.name())
                .collect(Collectors.collectingAndThen(
                        Collectors.toList(),
                        names -> String.join(", ", names.subList(0, names.size() - 1)) + " or " + names.getLast()));

        private final String mediaType;
        private final String magic;

        Format(String mediaType, String magic) {
            this.mediaType = mediaType;
            this.magic = magic;
        }

        public String mediaType() {
            return mediaType;
        }

        /** Returns the format of a file, or empty when it is not supported. */
        public static Optional<Format> of(byte[] bytes) {
            String start = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, 12));
            return Arrays.stream(values())
                    .filter(format -> start.matches(format.magic + ".*"))
                    .findFirst();
        }
    }

    @FunctionalInterface
    private interface Reading<T> {
        T of(Format format, ImageReader reader) throws IOException;
    }

    /**
     * Reads an image, with its orientation and colour profile applied.
     *
     * @param field field to name when the image is refused
     * @throws InvalidFieldException when it is too large, or not an image of a known format
     */
    public static ImageFile read(String field, byte[] bytes, int maxPixels) {
        return read(field, bytes, maxPixels, () -> false);
    }

    /**
     * Reads an image like {@link #read(String, byte[], int)}, and can be stopped.
     *
     * @param abandoned whether the client has disconnected, which stops the decoding
     */
    public static ImageFile read(String field, byte[] bytes, int maxPixels, BooleanSupplier abandoned) {
        return decode(field, bytes, maxPixels, abandoned, (format, reader) -> {
            Embedded embedded = Embedded.of(format, bytes);
            Samples samples = samples(format, reader, bytes);
            // The readers of these formats convert three colours themselves.
            boolean converted = (format == Format.JPEG || format == Format.WEBP) && samples.components() == 3;
            BufferedImage colours = Colours.rgb(samples, converted ? Optional.empty() : embedded.profile());
            return new ImageFile(format, Orientation.upright(colours, embedded.orientation()));
        });
    }

    /**
     * Returns the parameters in a file, as {@link ImageEncoder} and programs compatible with AUTOMATIC1111 store them,
     * or empty when there are none.
     *
     * @throws InvalidFieldException when it is not an image of a known format
     */
    public static Optional<String> parameters(String field, byte[] bytes) {
        return Embedded.parameters(format(field, bytes), bytes);
    }

    /**
     * Returns the transparency of an image in greys, black where it is opaque; empty when all of it is opaque.
     *
     * @throws InvalidFieldException as {@link #read}
     */
    public static Optional<BufferedImage> transparency(
            String field, byte[] bytes, int maxPixels, BooleanSupplier abandoned) {
        return decode(field, bytes, maxPixels, abandoned, (format, reader) -> {
            boolean inks = format == Format.JPEG && components(bytes) == 4;
            return inks
                    ? Optional.empty()
                    : Transparency.of(reader.read(0))
                            .map(greys -> Orientation.upright(
                                    greys, Embedded.of(format, bytes).orientation()));
        });
    }

    /** Decodes a file after checking its size, so that nothing is allocated for an image that is too large. */
    private static <T> T decode(
            String field, byte[] bytes, int maxPixels, BooleanSupplier abandoned, Reading<T> reading) {
        Format format = format(field, bytes);
        if (format == Format.JPEG) {
            DecodingLimits.checkScans(field, bytes);
        }
        DecodingLimits limits = new DecodingLimits(field, abandoned);
        limits.check();
        ImageReader reader = reader(format);
        limits.watch(reader);
        try (ImageInputStream in = new MemoryCacheImageInputStream(limits.stream(bytes))) {
            reader.setInput(in, true, format != Format.GIF);
            int width = reader.getWidth(0);
            int height = reader.getHeight(0);
            if (Math.max(hidden(format, reader, bytes), (long) width * height) > maxPixels) {
                throw new InvalidFieldException(
                        field, width + "×" + height + " pixels", "must have at most " + maxPixels + " pixels");
            }
            T read = reading.of(format, reader);
            limits.check(); // A stopped reader returns an incomplete image.
            return read;
        } catch (InvalidFieldException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Decoders throw exceptions of many types for broken images.
            throw new InvalidFieldException(field, format.mediaType, "cannot be decoded: " + e.getMessage());
        } finally {
            reader.dispose();
        }
    }

    private static Format format(String field, byte[] bytes) {
        return Format.of(bytes)
                .orElseThrow(() -> new InvalidFieldException(
                        field, description(bytes), "must be an image in the format " + Format.NAMES));
    }

    /**
     * Returns a pure Java reader. The reader in the WebP writer's library would decode untrusted files in native code.
     */
    private static ImageReader reader(Format format) {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format.name());
        return StreamSupport.stream(((Iterable<ImageReader>) () -> readers).spliterator(), false)
                .filter(reader -> !reader.getClass().getName().startsWith("com.luciad."))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no reader of " + format));
    }

    /** Returns the number of pixels that a file needs memory for although its size does not say so. */
    private static long hidden(Format format, ImageReader reader, byte[] bytes) throws IOException {
        return switch (format) {
            case WEBP -> Webp.pixels(bytes);
            case TIFF -> (long) reader.getTileWidth(0) * reader.getTileHeight(0);
            case GIF -> (long) screen(bytes, 6) * screen(bytes, 8);
            case PNG, JPEG, BMP -> 0;
        };
    }

    private static Samples samples(Format format, ImageReader reader, byte[] bytes) throws IOException {
        if (format == Format.JPEG && components(bytes) == 4) {
            return Samples.of(reader.readRaster(0, null), inks(bytes));
        }
        BufferedImage decoded = reader.read(0);
        return Samples.of(
                format == Format.GIF ? Frame.onScreen(reader, decoded, screen(bytes, 6), screen(bytes, 8)) : decoded);
    }

    /** Reads one side of a GIF (89a, §18). */
    private static int screen(byte[] gif, int at) {
        return ByteBuffer.wrap(gif).order(ByteOrder.LITTLE_ENDIAN).getShort(at) & 0xffff;
    }

    private static int components(byte[] jpeg) throws IOException {
        try (var in = new MemoryCacheImageInputStream(new ByteArrayInputStream(jpeg))) {
            List<JPEGSegment> frames = JPEGSegmentUtil.readSegments(
                    in,
                    Stream.of(JPEG.SOF0, JPEG.SOF1, JPEG.SOF2)
                            .collect(Collectors.toMap(marker -> marker, marker -> JPEGSegmentUtil.ALL_IDS)));
            return frames.isEmpty() ? 0 : frames.getFirst().segmentData().readNBytes(6)[5];
        }
    }

    private static Samples.Inks inks(byte[] jpeg) throws IOException {
        try (var in = new MemoryCacheImageInputStream(new ByteArrayInputStream(jpeg))) {
            List<JPEGSegment> adobe = JPEGSegmentUtil.readSegments(in, Map.of(JPEG.APP14, List.of("Adobe")));
            if (adobe.isEmpty()) {
                return Samples.Inks.NONE;
            }
            byte[] data = adobe.getFirst().segmentData().readAllBytes();
            return data[data.length - 1] == 2 ? Samples.Inks.YCCK : Samples.Inks.INVERTED;
        }
    }

    private static String description(byte[] bytes) {
        String brand = bytes.length < 12 ? "" : new String(bytes, 4, 8, StandardCharsets.ISO_8859_1);
        return switch (brand) {
            case "ftypavif", "ftypavis" -> "AVIF";
            case "ftypheic", "ftypheix", "ftypmif1" -> "HEIC";
            default -> bytes.length + " bytes";
        };
    }
}
