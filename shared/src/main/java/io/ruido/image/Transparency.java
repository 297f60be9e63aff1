package io.ruido.image;

import java.awt.image.BufferedImage;
import java.util.Optional;

/** The transparency of a decoded picture. */
final class Transparency {
    private Transparency() {}

    /** The transparency in greys, black where the picture is opaque; empty when all of it is. */
    static Optional<BufferedImage> of(BufferedImage picture) {
        if (!picture.getColorModel().hasAlpha()) {
            return Optional.empty();
        }
        int width = picture.getWidth();
        BufferedImage greys = new BufferedImage(width, picture.getHeight(), BufferedImage.TYPE_BYTE_GRAY);
        boolean opaque = true;
        int[] row = new int[width];
        for (int y = 0; y < picture.getHeight(); y++) {
            picture.getRGB(0, y, width, 1, row, 0, width);
            for (int x = 0; x < width; x++) {
                row[x] = 255 - (row[x] >>> 24);
                opaque &= row[x] == 0;
            }
            greys.getRaster().setSamples(0, y, width, 1, 0, row);
        }
        return opaque ? Optional.empty() : Optional.of(greys);
    }
}
