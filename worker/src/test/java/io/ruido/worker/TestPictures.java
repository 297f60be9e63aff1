package io.ruido.worker;

import io.ruido.image.ImageEncoder;
import java.awt.image.BufferedImage;
import java.util.SplittableRandom;

/** Pictures that clients send. */
final class TestPictures {
    private TestPictures() {}

    /** Noise of a seed. */
    static byte[] png(int width, int height, long seed) {
        var picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        var random = new SplittableRandom(seed);
        for (int i = 0; i < width * height; i++) {
            picture.setRGB(i % width, i / width, random.nextInt());
        }
        return ImageEncoder.png(picture);
    }

    /** A mask that lets the left half be painted anew. */
    static byte[] leftWhite(int width, int height) {
        return filled(width, height, width / 2);
    }

    /** A mask that is white left of a column. */
    static byte[] filled(int width, int height, int white) {
        var picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            picture.setRGB(i % width, i / width, i % width < white ? 0xffffff : 0);
        }
        return ImageEncoder.png(picture);
    }
}
