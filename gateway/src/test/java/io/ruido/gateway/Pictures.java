package io.ruido.gateway;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import javax.imageio.ImageIO;

/** Pictures to send. */
public final class Pictures {
    private Pictures() {}

    /** The same bytes for the same size. */
    public static byte[] png(int width, int height) {
        return png(new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB));
    }

    /** One that takes about three bytes a pixel. */
    public static byte[] noise(int width, int height, long seed) {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        picture.setRGB(
                0,
                0,
                width,
                height,
                new Random(seed).ints((long) width * height).toArray(),
                0,
                width);
        return png(picture);
    }

    /** Of random colours. */
    public static byte[] jpeg(int width, int height) {
        try {
            return file(ImageIO.read(new ByteArrayInputStream(noise(width, height, 1))), "jpeg");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A JPEG whose Exif orientation says that it is to be turned right by 90 degrees. */
    public static byte[] jpegOnItsSide(BufferedImage picture) {
        byte[] jpeg = file(picture, "jpeg");
        byte[] exif = HexFormat.of()
                .parseHex("ffe10022" + "457869660000" + "4d4d002a00000008" + "0001" + "011200030000000100060000"
                        + "00000000");
        return ByteBuffer.allocate(jpeg.length + exif.length)
                .put(jpeg, 0, 2)
                .put(exif)
                .put(jpeg, 2, jpeg.length - 2)
                .array();
    }

    public static byte[] png(BufferedImage picture) {
        return file(picture, "png");
    }

    private static byte[] file(BufferedImage picture, String format) {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try {
            ImageIO.write(picture, format, file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file.toByteArray();
    }
}
