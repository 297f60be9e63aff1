package io.ruido.image;

import io.ruido.job.InvalidFieldException;
import io.ruido.job.Output;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Encodes images as files. The same image, output and parameters give the same bytes. */
public final class ImageEncoder {
    private static final String PNG_METADATA = "javax_imageio_png_1.0";
    /** The maximum size of a JPEG segment (ITU-T T.81, §B.1.1.4), without its length and Exif's name. */
    private static final int LARGEST_SEGMENT = 65_535 - 2 - 6;

    /** The end of the JFIF segment at the start of the file. */
    private static final int JFIF_END = 2 + 18;

    /** The default quality of the format's writer. */
    private static final float DEFAULT = -1;

    /** The quality of PNG at which deflate is fastest. */
    private static final float QUICKEST = 8 / 9f;

    private ImageEncoder() {}

    /** Encodes an image as a PNG without parameters. */
    public static byte[] png(BufferedImage image) {
        return encoded(image, "png", DEFAULT, Optional.empty());
    }

    /** Encodes a PNG like {@link #png}, but faster and larger. */
    public static byte[] plain(BufferedImage image) {
        return encoded(image, "png", QUICKEST, Optional.empty());
    }

    /**
     * Encodes an image with its parameters: in PNG's text {@code parameters}, otherwise in Exif's user comment (Exif
     * 2.3, §4.6.5), of which a JPEG holds 32,000 characters.
     */
    public static byte[] write(BufferedImage image, Output output, String parameters) {
        return switch (output.format()) {
            case PNG -> encoded(image, "png", DEFAULT, Optional.of(parameters));
            case JPEG ->
                withExif(
                        encoded(image, "jpeg", output.quality() / 100f, Optional.empty()),
                        Exif.userComment(parameters, LARGEST_SEGMENT));
            case WEBP ->
                withParameters(
                        encoded(image, "webp", output.quality() / 100f, Optional.empty()),
                        image.getWidth(),
                        image.getHeight(),
                        parameters);
            case MP4, WEBM ->
                throw new InvalidFieldException(
                        "outputFormat", output.format().label(), "must be png, jpeg or webp for an image");
        };
    }

    /** Adds parameters to a WebP file, animated or not. */
    public static byte[] withParameters(byte[] webp, int width, int height, String parameters) {
        return Webp.withExif(webp, width, height, Exif.userComment(parameters, Integer.MAX_VALUE));
    }

    private static byte[] encoded(BufferedImage image, String format, float quality, Optional<String> text) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        // ImageIO's own streams would use temporary files.
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(file)) {
            ImageWriteParam param = writer.getDefaultWriteParam();
            if (quality != DEFAULT) {
                param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                param.setCompressionType(param.getCompressionTypes()[0]); // WebP's lossy compression.
                param.setCompressionQuality(quality);
            }
            IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(image), param);
            if (text.isPresent()) {
                metadata.mergeTree(PNG_METADATA, parameters(text.get()));
            }
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, metadata), param);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot encode an image in memory", e);
        } finally {
            writer.dispose();
        }
        return file.toByteArray();
    }

    private static IIOMetadataNode parameters(String text) {
        IIOMetadataNode entry = new IIOMetadataNode("iTXtEntry");
        entry.setAttribute("keyword", "parameters");
        entry.setAttribute("compressionFlag", "FALSE");
        entry.setAttribute("compressionMethod", "0");
        entry.setAttribute("languageTag", "");
        entry.setAttribute("translatedKeyword", "");
        entry.setAttribute("text", text);
        IIOMetadataNode chunk = new IIOMetadataNode("iTXt");
        chunk.appendChild(entry);
        IIOMetadataNode root = new IIOMetadataNode(PNG_METADATA);
        root.appendChild(chunk);
        return root;
    }

    private static byte[] withExif(byte[] jpeg, byte[] exif) {
        byte[] name = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);
        int length = 2 + name.length + exif.length;
        return ByteBuffer.allocate(jpeg.length + 2 + length)
                .put(jpeg, 0, JFIF_END)
                .putShort((short) 0xffe1)
                .putShort((short) length)
                .put(name)
                .put(exif)
                .put(jpeg, JFIF_END, jpeg.length - JFIF_END)
                .array();
    }
}
