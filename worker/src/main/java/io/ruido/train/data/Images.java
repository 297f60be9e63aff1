package io.ruido.train.data;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import javax.imageio.ImageIO;

/** Reading, compositing and resizing of single images. */
public final class Images {
    private Images() {}

    /** Decodes any format that ImageIO knows and composites it on white. */
    public static BufferedImage readOnWhite(InputStream in, String name) throws IOException {
        BufferedImage decoded = ImageIO.read(in);
        if (decoded == null) {
            throw new IOException(name + ": not an image in a known format");
        }
        return onWhite(decoded);
    }

    /** Composites an image on white. */
    static BufferedImage onWhite(BufferedImage decoded) {
        BufferedImage rgb = new BufferedImage(decoded.getWidth(), decoded.getHeight(), BufferedImage.TYPE_INT_RGB);
        Graphics2D g = rgb.createGraphics();
        g.drawImage(decoded, 0, 0, Color.WHITE, null);
        g.dispose();
        return rgb;
    }

    /**
     * Crops an image to a centred square and resizes it; each pixel of the result is the mean of the area that it
     * covers.
     */
    public static BufferedImage square(BufferedImage in, int size) {
        int side = Math.min(in.getWidth(), in.getHeight());
        int left = (in.getWidth() - side) / 2;
        int top = (in.getHeight() - side) / 2;
        if (side == size) {
            return in.getSubimage(left, top, side, side);
        }
        int[] source = in.getRGB(left, top, side, side, null, 0, side);
        BufferedImage out = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
        double scale = side / (double) size;
        for (int y = 0; y < size; y++) {
            for (int x = 0; x < size; x++) {
                out.setRGB(x, y, areaMean(source, side, x * scale, y * scale, scale));
            }
        }
        return out;
    }

    private static int areaMean(int[] source, int side, double x0, double y0, double scale) {
        double red = 0, green = 0, blue = 0, area = 0;
        for (int y = (int) y0; y < Math.min(side, y0 + scale); y++) {
            double height = Math.min(y + 1, y0 + scale) - Math.max(y, y0);
            for (int x = (int) x0; x < Math.min(side, x0 + scale); x++) {
                double weight = height * (Math.min(x + 1, x0 + scale) - Math.max(x, x0));
                int rgb = source[y * side + x];
                red += weight * (rgb >> 16 & 255);
                green += weight * (rgb >> 8 & 255);
                blue += weight * (rgb & 255);
                area += weight;
            }
        }
        return Math.toIntExact(Math.round(red / area)) << 16
                | Math.toIntExact(Math.round(green / area)) << 8
                | Math.toIntExact(Math.round(blue / area));
    }

    /** Returns the bytes of an image, channel by channel: red plane, green plane, blue plane. */
    public static byte[] planes(BufferedImage in) {
        int w = in.getWidth(), h = in.getHeight(), n = w * h;
        int[] rgb = in.getRGB(0, 0, w, h, null, 0, w);
        byte[] out = new byte[3 * n];
        for (int i = 0; i < n; i++) {
            out[i] = (byte) (rgb[i] >> 16);
            out[n + i] = (byte) (rgb[i] >> 8);
            out[2 * n + i] = (byte) rgb[i];
        }
        return out;
    }

    /** Converts a byte of a plane to a model's input, −1…1. */
    public static float level(byte value) {
        return (value & 255) / 127.5f - 1;
    }
}
