package io.ruido.pipeline.image;

import com.twelvemonkeys.image.ResampleOp;
import java.awt.image.BufferedImage;
import java.math.BigInteger;

/**
 * An image of 8-bit colours.
 *
 * @param rgb red, green and blue of each pixel, row by row from the top left
 */
public record RgbImage(int width, int height, byte[] rgb) {
    /** The reach of Lanczos interpolation in pixels of the smaller one of image and result. */
    private static final int REACH = 3;

    public RgbImage {
        if (rgb.length != 3L * width * height) {
            throw new IllegalArgumentException("rgb must have %d bytes for %d×%d, has %d"
                    .formatted(3L * width * height, width, height, rgb.length));
        }
    }

    /** An image's colours, without its transparency. */
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

    /** The same for an image that is laid beside itself: its opposite border lies beyond a border. */
    public RgbImage tileResized(int toWidth, int toHeight) {
        int beyondX = beyond(width, toWidth);
        int beyondY = beyond(height, toHeight);
        BufferedImage own = toBufferedImage();
        var wide = new BufferedImage(width + 2 * beyondX, height + 2 * beyondY, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < wide.getHeight(); y++) {
            for (int x = 0; x < wide.getWidth(); x++) {
                wide.setRGB(x, y, own.getRGB(Math.floorMod(x - beyondX, width), Math.floorMod(y - beyondY, height)));
            }
        }
        int left = beyondX * toWidth / width;
        int top = beyondY * toHeight / height;
        BufferedImage resized =
                of(wide).resized(toWidth + 2 * left, toHeight + 2 * top).toBufferedImage();
        return of(resized.getSubimage(left, top, toWidth, toHeight));
    }

    /** Pixels beyond a border that are enough for the interpolation, and become a whole number of the result's. */
    private static int beyond(int side, int wanted) {
        int step =
                side / BigInteger.valueOf(side).gcd(BigInteger.valueOf(wanted)).intValue();
        int reach = 1 + Math.max(REACH, Math.ceilDiv(REACH * side, wanted));
        return Math.ceilDiv(reach, step) * step;
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
