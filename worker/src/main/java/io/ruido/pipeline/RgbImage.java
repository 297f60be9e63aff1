package io.ruido.pipeline;

import java.awt.image.BufferedImage;

/**
 * A picture of 8-bit colours.
 *
 * @param rgb red, green and blue of each pixel, row by row from the top left
 */
public record RgbImage(int width, int height, byte[] rgb) {
    public RgbImage {
        if (rgb.length != 3L * width * height) {
            throw new IllegalArgumentException("rgb must have %d bytes for %d×%d, has %d"
                    .formatted(3L * width * height, width, height, rgb.length));
        }
    }

    public BufferedImage toBufferedImage() {
        var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            int red = rgb[3 * i] & 0xff;
            int green = rgb[3 * i + 1] & 0xff;
            int blue = rgb[3 * i + 2] & 0xff;
            image.setRGB(i % width, i / width, red << 16 | green << 8 | blue);
        }
        return image;
    }
}
