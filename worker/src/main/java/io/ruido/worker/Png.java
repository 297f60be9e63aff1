package io.ruido.worker;

import io.ruido.job.Infotext;
import io.ruido.job.SamplingJob;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Pictures as PNG (ISO/IEC 15948): the same picture and parameters give the same bytes. */
public final class Png {
    private static final String NATIVE_FORMAT = "javax_imageio_png_1.0";

    private Png() {}

    /** The picture with its parameters in the text chunk {@code parameters}. */
    static byte[] encode(BufferedImage image, SamplingJob job) {
        return encode(image, Infotext.of(job, 0));
    }

    /** The picture with the text chunk {@code parameters}. */
    public static byte[] encode(BufferedImage image, String parameters) {
        return write(image, parameters);
    }

    /** A small picture as a data URI. */
    static String dataUri(BufferedImage image) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(write(image, null));
    }

    private static byte[] write(BufferedImage image, String parameters) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(png)) {
            IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(image), null);
            if (parameters != null) {
                metadata.mergeTree(NATIVE_FORMAT, text("parameters", parameters));
            }
            writer.setOutput(out);
            writer.write(new IIOImage(image, null, metadata));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot encode a PNG in memory", e);
        } finally {
            writer.dispose();
        }
        return png.toByteArray();
    }

    private static IIOMetadataNode text(String keyword, String text) {
        IIOMetadataNode entry = new IIOMetadataNode("iTXtEntry");
        entry.setAttribute("keyword", keyword);
        entry.setAttribute("compressionFlag", "FALSE");
        entry.setAttribute("compressionMethod", "0");
        entry.setAttribute("languageTag", "");
        entry.setAttribute("translatedKeyword", "");
        entry.setAttribute("text", text);
        IIOMetadataNode chunk = new IIOMetadataNode("iTXt");
        chunk.appendChild(entry);
        IIOMetadataNode root = new IIOMetadataNode(NATIVE_FORMAT);
        root.appendChild(chunk);
        return root;
    }
}
