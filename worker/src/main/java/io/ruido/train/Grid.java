package io.ruido.train;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Writes images side by side. */
public final class Grid {
    private Grid() {}

    /**
     * Writes a PNG.
     *
     * @param pixels images one after the other, each red, green and blue plane, −1…1
     * @param size side of an image
     * @param columns images in a row
     */
    public static void write(Path file, float[] pixels, int size, int columns) throws IOException {
        int plane = size * size;
        int count = pixels.length / (3 * plane);
        int rows = Math.ceilDiv(count, columns);
        var grid = new BufferedImage(columns * size, rows * size, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < count * plane; i++) {
            int image = i / plane, at = image * 3 * plane + i % plane;
            int rgb = level(pixels[at]) << 16 | level(pixels[at + plane]) << 8 | level(pixels[at + 2 * plane]);
            grid.setRGB(image % columns * size + i % size, image / columns * size + i % plane / size, rgb);
        }
        ImageIO.write(grid, "png", file.toFile());
    }

    private static int level(float value) {
        return Math.clamp(Math.round((value + 1) * 127.5f), 0, 255);
    }
}
