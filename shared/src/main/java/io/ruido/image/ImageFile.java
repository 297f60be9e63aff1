package io.ruido.image;

import com.twelvemonkeys.imageio.metadata.Directory;
import com.twelvemonkeys.imageio.metadata.Entry;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEG;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEGSegment;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEGSegmentUtil;
import com.twelvemonkeys.imageio.metadata.tiff.TIFF;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFReader;
import io.ruido.job.InvalidFieldException;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * A picture from outside, decoded.
 *
 * @param image 8-bit red, green and blue, upright, without transparency
 */
public record ImageFile(Format format, BufferedImage image) {
    /** What is read, known by its first bytes. */
    public enum Format {
        PNG("image/png", "89504e470d0a1a0a"),
        JPEG("image/jpeg", "ffd8ff"),
        WEBP("image/webp", "52494646........57454250");

        private final String mediaType;
        private final String magic;

        Format(String mediaType, String magic) {
            this.mediaType = mediaType;
            this.magic = magic;
        }

        public String mediaType() {
            return mediaType;
        }

        /** Of some bytes, or empty when they are none of these. */
        public static Optional<Format> of(byte[] bytes) {
            String start = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, 12));
            return Arrays.stream(values())
                    .filter(format -> start.matches(format.magic + ".*"))
                    .findFirst();
        }
    }

    /**
     * Reads a picture, as it is to be seen.
     *
     * @param field that is named when the picture is refused
     * @throws InvalidFieldException when it is too large, or no picture of a known format
     */
    public static ImageFile read(String field, byte[] bytes, int maxPixels) {
        BufferedImage colours = decode(field, bytes, maxPixels, ImageFile::colours);
        Format format = Format.of(bytes).orElseThrow();
        return new ImageFile(format, format == Format.JPEG ? upright(colours, orientation(bytes)) : colours);
    }

    /**
     * The same as it is stored. Its size is read first: nothing is allocated for one that is too large.
     *
     * @throws InvalidFieldException as {@link #read}
     */
    public static BufferedImage decode(String field, byte[] bytes, int maxPixels) {
        return decode(field, bytes, maxPixels, UnaryOperator.identity());
    }

    private static BufferedImage decode(
            String field, byte[] bytes, int maxPixels, UnaryOperator<BufferedImage> afterwards) {
        Format format = Format.of(bytes)
                .orElseThrow(() -> new InvalidFieldException(
                        field, bytes.length + " bytes", "must be a PNG, JPEG or WebP picture"));
        ImageReader reader = ImageIO.getImageReadersByFormatName(format.name()).next();
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            reader.setInput(in, true, true);
            int width = reader.getWidth(0);
            int height = reader.getHeight(0);
            long hidden = format == Format.WEBP ? Webp.pixels(bytes) : 0;
            if (Math.max(hidden, (long) width * height) > maxPixels) {
                throw new InvalidFieldException(
                        field, width + "×" + height + " pixels", "must have at most " + maxPixels + " pixels");
            }
            return afterwards.apply(reader.read(0));
        } catch (InvalidFieldException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Decoders meet broken pictures with exceptions of every kind.
            throw new InvalidFieldException(field, format.mediaType, "cannot be decoded: " + e.getMessage());
        } finally {
            reader.dispose();
        }
    }

    private static BufferedImage colours(BufferedImage decoded) {
        int width = decoded.getWidth();
        int height = decoded.getHeight();
        BufferedImage colours = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        boolean grey = decoded.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            if (grey) {
                greys(decoded, y, row);
            } else {
                decoded.getRGB(0, y, width, 1, row, 0, width);
            }
            colours.setRGB(0, y, width, 1, row, 0, width);
        }
        return colours;
    }

    /** As stored: Java takes greys for linear light, which they never are in a file, and would make them brighter. */
    private static void greys(BufferedImage decoded, int y, int[] row) {
        Raster raster = decoded.getRaster();
        raster.getSamples(0, y, row.length, 1, 0, row);
        int tooFine = decoded.getColorModel().getComponentSize(0) - 8;
        for (int x = 0; x < row.length; x++) {
            row[x] = (row[x] >> tooFine) * 0x010101;
        }
    }

    /** How the camera was held (Exif 2.3, §4.6.4): 1 to 8, where 1 is upright. */
    private static int orientation(byte[] jpeg) {
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(jpeg))) {
            List<JPEGSegment> segments = JPEGSegmentUtil.readSegments(in, JPEG.APP1, "Exif");
            return segments.isEmpty() ? 1 : orientation(segments.getFirst());
        } catch (IOException | RuntimeException e) {
            return 1; // The picture itself is sound.
        }
    }

    private static int orientation(JPEGSegment exif) throws IOException {
        try (var data = exif.data()) {
            data.skipNBytes(1); // Padding after "Exif\0".
            Directory directory = new TIFFReader().read(new MemoryCacheImageInputStream(data));
            Entry entry = directory.getEntryById(TIFF.TAG_ORIENTATION);
            return entry == null ? 1 : ((Number) entry.getValue()).intValue();
        }
    }

    private static BufferedImage upright(BufferedImage in, int orientation) {
        if (orientation < 2 || orientation > 8) {
            return in;
        }
        boolean turned = orientation > 4;
        int right = in.getWidth() - 1;
        int bottom = in.getHeight() - 1;
        var out = new BufferedImage(
                turned ? bottom + 1 : right + 1, turned ? right + 1 : bottom + 1, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < out.getHeight(); y++) {
            for (int x = 0; x < out.getWidth(); x++) {
                int rgb =
                        switch (orientation) {
                            case 2 -> in.getRGB(right - x, y);
                            case 3 -> in.getRGB(right - x, bottom - y);
                            case 4 -> in.getRGB(x, bottom - y);
                            case 5 -> in.getRGB(y, x);
                            case 6 -> in.getRGB(y, bottom - x);
                            case 7 -> in.getRGB(right - y, bottom - x);
                            default -> in.getRGB(right - y, x);
                        };
                out.setRGB(x, y, rgb);
            }
        }
        return out;
    }
}
