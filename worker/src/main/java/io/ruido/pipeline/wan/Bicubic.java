package io.ruido.pipeline.wan;

import io.ruido.pipeline.image.RgbImage;

/**
 * Resizes an image to the bytes that Pillow's bicubic filter gives: Keys' kernel with a = −1/2, as wide as the pixels that
 * become one, with weights of 22 binary digits, along rows and then along columns.
 */
final class Bicubic {
    private static final int COLOURS = 3;
    private static final int DIGITS = 22;
    private static final double A = -0.5;

    private Bicubic() {}

    /** The pixels that make one, from the first on, and their weights. */
    private record Window(int first, int[] weights) {}

    static RgbImage resized(RgbImage image, int width, int height) {
        int oldWidth = image.width();
        Window[] columns = windows(oldWidth, width);
        byte[] rows = new byte[COLOURS * width * image.height()];
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < width; x++) {
                int from = y * oldWidth + columns[x].first;
                sum(columns[x], image.rgb(), from, 1, rows, y * width + x);
            }
        }
        Window[] lines = windows(image.height(), height);
        byte[] all = new byte[COLOURS * width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                sum(lines[y], rows, lines[y].first * width + x, width, all, y * width + x);
            }
        }
        return new RgbImage(width, height, all);
    }

    private static void sum(Window window, byte[] from, int pixel, int step, byte[] to, int target) {
        for (int colour = 0; colour < COLOURS; colour++) {
            int sum = 1 << DIGITS - 1;
            for (int i = 0; i < window.weights.length; i++) {
                sum += window.weights[i] * (from[COLOURS * (pixel + i * step) + colour] & 0xff);
            }
            to[COLOURS * target + colour] = (byte) Math.clamp(sum >> DIGITS, 0, 255);
        }
    }

    private static Window[] windows(int from, int to) {
        double scale = (double) from / to;
        double width = Math.max(scale, 1);
        Window[] windows = new Window[to];
        for (int i = 0; i < to; i++) {
            double centre = (i + 0.5) * scale;
            int first = Math.max((int) (centre - 2 * width + 0.5), 0);
            int end = Math.min((int) (centre + 2 * width + 0.5), from);
            double[] weights = new double[end - first];
            double sum = 0;
            for (int k = 0; k < weights.length; k++) {
                weights[k] = kernel((k + first - centre + 0.5) / width);
                sum += weights[k];
            }
            int[] rounded = new int[weights.length];
            for (int k = 0; k < weights.length; k++) {
                rounded[k] = (int) Math.round(weights[k] / sum * (1 << DIGITS));
            }
            windows[i] = new Window(first, rounded);
        }
        return windows;
    }

    private static double kernel(double distance) {
        double x = Math.abs(distance);
        if (x < 1) {
            return ((A + 2) * x - (A + 3)) * x * x + 1;
        }
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
    }
}
