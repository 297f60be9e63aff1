package io.ruido.image;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/**
 * The colour components of an image as they are stored, in 8 bits each: grey; red, green and blue; or cyan, magenta,
 * yellow and black, where 255 is full ink.
 */
sealed interface Samples {
    int width();

    int height();

    /** Returns the number of components: 1, 3 or 4. */
    int components();

    /** Writes a row, pixel by pixel. */
    void row(int y, byte[] to);

    /** Returns the samples of a decoded image, without its transparency. */
    static Samples of(BufferedImage decoded) {
        ColorModel model = decoded.getColorModel();
        boolean coarse = model instanceof IndexColorModel || model.getComponentSize(0) < 8;
        // Otherwise Java would convert other colour spaces pixel by pixel, and interpret greys as linear light.
        return coarse
                ? new Converted(decoded)
                : new Stored(decoded.getRaster(), model.getNumColorComponents(), Inks.NONE);
    }

    /** Returns the samples of a JPEG with four components. */
    static Samples of(Raster raster, Inks inks) {
        return new Stored(raster, 4, inks);
    }

    /** The encoding of a JPEG's four components (Adobe Technical Note 5116, §18). */
    enum Inks {
        NONE,
        INVERTED,
        YCCK
    }

    /** Samples of palettes, or of components with fewer than 8 bits. */
    record Converted(BufferedImage image) implements Samples {
        @Override
        public int width() {
            return image.getWidth();
        }

        @Override
        public int height() {
            return image.getHeight();
        }

        @Override
        public int components() {
            return 3;
        }

        @Override
        public void row(int y, byte[] to) {
            int[] row = image.getRGB(0, y, width(), 1, null, 0, width());
            for (int x = 0; x < row.length; x++) {
                to[3 * x] = (byte) (row[x] >> 16);
                to[3 * x + 1] = (byte) (row[x] >> 8);
                to[3 * x + 2] = (byte) row[x];
            }
        }
    }

    /** Interleaved components of 8 or 16 bits. */
    record Stored(Raster raster, int components, Inks inks) implements Samples {
        public Stored {
            int bits = raster.getSampleModel().getSampleSize(0);
            if (bits > 16 || components == 2 || components > 4) {
                throw new IllegalArgumentException(
                        "images with %d components of %d bits are not supported".formatted(components, bits));
            }
        }

        @Override
        public int width() {
            return raster.getWidth();
        }

        @Override
        public int height() {
            return raster.getHeight();
        }

        @Override
        public void row(int y, byte[] to) {
            int[] row = raster.getPixels(raster.getMinX(), raster.getMinY() + y, width(), 1, (int[]) null);
            int bands = raster.getNumBands();
            int tooFine = raster.getSampleModel().getSampleSize(0) - 8;
            for (int x = 0; x < width(); x++) {
                for (int i = 0; i < components; i++) {
                    to[components * x + i] = (byte) (row[bands * x + i] >> tooFine);
                }
                if (inks != Inks.NONE) {
                    invert(to, 4 * x);
                }
            }
        }

        /**
         * What is stored is what each ink leaves; or brightness and colour of the inks (JFIF 1.02, §3.1.6), and what
         * black leaves.
         */
        private void invert(byte[] to, int at) {
            if (inks == Inks.YCCK) {
                double y = to[at] & 0xff;
                double cb = (to[at + 1] & 0xff) - 128;
                double cr = (to[at + 2] & 0xff) - 128;
                to[at] = clamped(y + 1.402 * cr);
                to[at + 1] = clamped(y - 0.344136 * cb - 0.714136 * cr);
                to[at + 2] = clamped(y + 1.772 * cb);
            }
            for (int i = inks == Inks.YCCK ? at + 3 : at; i < at + 4; i++) {
                to[i] = (byte) ~to[i];
            }
        }

        private static byte clamped(double value) {
            return (byte) Math.clamp(Math.round(value), 0, 255);
        }
    }
}
