package io.ruido.pipeline;

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
}
