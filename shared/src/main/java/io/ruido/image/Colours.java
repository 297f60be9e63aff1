package io.ruido.image;

import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.ColorConvertOp;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.util.Arrays;
import java.util.Optional;

/** Converts stored {@link Samples} to 8-bit sRGB. */
final class Colours {
    private static final ICC_Profile SRGB = ICC_Profile.getInstance(ColorSpace.CS_sRGB);
    /** The number of rows converted at a time, because a whole large image would need two more copies in memory. */
    private static final int ROWS = 64;

    private Colours() {}

    /** @param profile colour profile of the samples; ignored if it is for another number of components */
    static BufferedImage rgb(Samples samples, Optional<ICC_Profile> profile) {
        BufferedImage out = new BufferedImage(samples.width(), samples.height(), BufferedImage.TYPE_INT_RGB);
        Optional<ColorConvertOp> conversion = profile.filter(icc -> icc.getNumComponents() == samples.components())
                .map(icc -> new ColorConvertOp(new ICC_Profile[] {icc, SRGB}, null));
        for (int y = 0; y < samples.height(); y += ROWS) {
            int rows = Math.min(ROWS, samples.height() - y);
            byte[] stored = rows(samples, y, rows);
            put(
                    conversion.isPresent()
                            ? converted(conversion.get(), samples, stored, rows)
                            : plain(samples, stored),
                    out,
                    y);
        }
        return out;
    }

    private static byte[] rows(Samples samples, int y, int count) {
        int length = samples.width() * samples.components();
        byte[] all = new byte[count * length];
        byte[] row = new byte[length];
        for (int i = 0; i < count; i++) {
            samples.row(y + i, row);
            System.arraycopy(row, 0, all, i * length, length);
        }
        return all;
    }

    private static byte[] converted(ColorConvertOp conversion, Samples samples, byte[] stored, int rows) {
        int components = samples.components();
        int width = samples.width();
        int[] bands = new int[components];
        Arrays.setAll(bands, i -> i);
        WritableRaster from = Raster.createInterleavedRaster(
                new DataBufferByte(stored, stored.length), width, rows, width * components, components, bands, null);
        WritableRaster to = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, width, rows, 3, null);
        conversion.filter(from, to);
        return ((DataBufferByte) to.getDataBuffer()).getData();
    }

    private static byte[] plain(Samples samples, byte[] stored) {
        return switch (samples.components()) {
            case 1 -> grey(stored);
            case 4 -> withoutProfile(stored);
            default -> stored;
        };
    }

    private static byte[] grey(byte[] stored) {
        byte[] rgb = new byte[3 * stored.length];
        for (int i = 0; i < stored.length; i++) {
            Arrays.fill(rgb, 3 * i, 3 * i + 3, stored[i]);
        }
        return rgb;
    }

    /**
     * Converts CMYK without a profile: each ink absorbs its share of the light, and black absorbs its share of the
     * rest.
     */
    private static byte[] withoutProfile(byte[] cmyk) {
        byte[] rgb = new byte[cmyk.length / 4 * 3];
        for (int pixel = 0; pixel < cmyk.length / 4; pixel++) {
            int left = 255 - (cmyk[4 * pixel + 3] & 0xff);
            for (int i = 0; i < 3; i++) {
                int ink = cmyk[4 * pixel + i] & 0xff;
                rgb[3 * pixel + i] = (byte) Math.round(left * (255 - ink) / 255.0);
            }
        }
        return rgb;
    }

    private static void put(byte[] rgb, BufferedImage out, int y) {
        int width = out.getWidth();
        int[] row = new int[rgb.length / 3];
        for (int i = 0; i < row.length; i++) {
            row[i] = (rgb[3 * i] & 0xff) << 16 | (rgb[3 * i + 1] & 0xff) << 8 | rgb[3 * i + 2] & 0xff;
        }
        out.setRGB(0, y, width, row.length / width, row, 0, width);
    }
}
