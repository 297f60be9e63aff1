package io.ruido.image;

import java.awt.image.BufferedImage;

/** Rotates images upright by Exif's orientation (Exif 2.3, §4.6.4). */
final class Orientation {
    private Orientation() {}

    /** @param orientation 1 to 8; 1 and any other number is upright */
    static BufferedImage upright(BufferedImage in, int orientation) {
        if (orientation < 2 || orientation > 8) {
            return in;
        }
        boolean turned = orientation > 4;
        int right = in.getWidth() - 1;
        int bottom = in.getHeight() - 1;
        var out = new BufferedImage(turned ? bottom + 1 : right + 1, turned ? right + 1 : bottom + 1, in.getType());
        for (int y = 0; y < out.getHeight(); y++) {
            for (int x = 0; x < out.getWidth(); x++) {
                int fromX =
                        switch (orientation) {
                            case 2, 3 -> right - x;
                            case 4 -> x;
                            case 5, 6 -> y;
                            default -> right - y;
                        };
                int fromY =
                        switch (orientation) {
                            case 2 -> y;
                            case 3, 4 -> bottom - y;
                            case 5, 8 -> x;
                            default -> bottom - x;
                        };
                out.getRaster().setDataElements(x, y, in.getRaster().getDataElements(fromX, fromY, null));
            }
        }
        return out;
    }
}
