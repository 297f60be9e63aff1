package io.ruido.pipeline.image;

import com.twelvemonkeys.image.ResampleOp;
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

    /** A picture's colours, without its transparency. */
    public static RgbImage of(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < width * height; i++) {
            int colours = image.getRGB(i % width, i / width);
            rgb[3 * i] = (byte) (colours >> 16);
            rgb[3 * i + 1] = (byte) (colours >> 8);
            rgb[3 * i + 2] = (byte) colours;
        }
        return new RgbImage(width, height, rgb);
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

    /** Stretched or shrunk, where it has another size. */
    public RgbImage resized(int toWidth, int toHeight) {
        return hasSize(toWidth, toHeight)
                ? this
                : of(new ResampleOp(toWidth, toHeight, ResampleOp.FILTER_LANCZOS).filter(toBufferedImage(), null));
    }

    public boolean hasSize(int wantedWidth, int wantedHeight) {
        return width == wantedWidth && height == wantedHeight;
    }

    /** Brightness of a pixel in 0…1 (ITU-R BT.601), rounded to 8 bits as image libraries do. */
    public double grey(int pixel) {
        int red = rgb[3 * pixel] & 0xff;
        int green = rgb[3 * pixel + 1] & 0xff;
        int blue = rgb[3 * pixel + 2] & 0xff;
        return (19595 * red + 38470 * green + 7471 * blue + 0x8000 >> 16) / 255.0;
    }
}
