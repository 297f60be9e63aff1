package io.ruido.gateway;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** A step's preview, as large as the image that is to come. */
final class PartialImage {
    private PartialImage() {}

    /**
     * The picture as a PNG in base64. Takes its time: not for an event loop.
     *
     * @param preview data URI of a small picture
     */
    static String of(String preview, int width, int height) {
        byte[] small = Base64.getDecoder().decode(preview.substring(preview.indexOf(',') + 1));
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        // ImageIO's own streams would go through files.
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(png)) {
            BufferedImage seen = ImageIO.read(new MemoryCacheImageInputStream(new ByteArrayInputStream(small)));
            BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
            Graphics2D graphics = image.createGraphics();
            graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
            graphics.drawImage(seen, 0, 0, width, height, null);
            graphics.dispose();
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot enlarge a preview", e);
        }
        return Base64.getEncoder().encodeToString(png.toByteArray());
    }
}
