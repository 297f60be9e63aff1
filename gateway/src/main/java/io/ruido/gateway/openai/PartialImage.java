package io.ruido.gateway.openai;

import io.ruido.image.ImageEncoder;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Enlarges a step's preview to the size of the image. */
final class PartialImage {
    private PartialImage() {}

    /**
     * Returns the enlarged preview as a PNG in base64. It computes, so it must not run on an event loop.
     *
     * @param preview data URI of a small image
     */
    static String of(String preview, int width, int height) {
        byte[] small = Base64.getDecoder().decode(preview.substring(preview.indexOf(',') + 1));
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
        graphics.drawImage(read(small), 0, 0, width, height, null);
        graphics.dispose();
        return Base64.getEncoder().encodeToString(ImageEncoder.png(image));
    }

    private static BufferedImage read(byte[] png) {
        try {
            return ImageIO.read(new MemoryCacheImageInputStream(new ByteArrayInputStream(png)));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read a preview", e);
        }
    }
}
