package io.ruido.image;

import java.awt.image.BufferedImage;
import java.util.Optional;

/** The transparency of a decoded image. */
final class Transparency {
    private Transparency() {}

    /** Returns the transparency in greys, black where the image is opaque; empty when all of it is opaque. */
    static Optional<BufferedImage> of(BufferedImage image) {
        if (!image.getColorModel().hasAlpha()) {
            return Optional.empty();
        }
        int width = image.getWidth();
        BufferedImage greys = new BufferedImage(width, image.getHeight(), BufferedImage.TYPE_BYTE_GRAY);
        boolean opaque = true;
        int[] row = new int[width];
        for (int y = 0; y < image.getHeight(); y++) {
            image.getRGB(0, y, width, 1, row, 0, width);
            for (int x = 0; x < width; x++) {
                row[x] = 255 - (row[x] >>> 24);
                opaque &= row[x] == 0;
            }
            greys.getRaster().setSamples(0, y, width, 1, 0, row);
        }
        return opaque ? Optional.empty() : Optional.of(greys);
    }
}
