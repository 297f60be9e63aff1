package io.ruido.worker;

import io.ruido.job.SamplingJob;
import io.ruido.job.SamplingParams;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
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

    /** The picture with its parameters in the text chunk {@code parameters}, in the form that gallery tools read. */
    static byte[] encode(BufferedImage image, SamplingJob job) {
        return encode(image, parameters(job));
    }

    /** The picture with the text chunk {@code parameters}. */
    public static byte[] encode(BufferedImage image, String parameters) {
        return write(image, parameters);
    }

    /** A small picture as a data URI. */
    static String dataUri(BufferedImage image) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(write(image, null));
    }

    private static String parameters(SamplingJob job) {
        SamplingParams params = job.params();
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("Steps", params.steps());
        settings.put("Sampler", params.sampler());
        settings.put("CFG scale", params.guidanceScale());
        settings.put("Seed", params.seed());
        settings.put("Size", params.width() + "x" + params.height());
        settings.put("Model", params.model());
        return parameters(job.prompt(), job.negativePrompt(), settings);
    }

    /** The form in which gallery tools read them. */
    public static String parameters(String prompt, String negativePrompt, Map<String, ?> settings) {
        return settings.entrySet().stream()
                .map(setting -> setting.getKey() + ": " + setting.getValue())
                .collect(Collectors.joining(", ", prompt + "\nNegative prompt: " + negativePrompt + "\n", ""));
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
