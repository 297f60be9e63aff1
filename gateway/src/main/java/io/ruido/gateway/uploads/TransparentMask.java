package io.ruido.gateway.uploads;

import io.ruido.image.ImageFile;
import io.ruido.job.InvalidFieldException;
import io.ruido.job.Upload;
import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;

/** OpenAI's masks are transparent where a picture is to be painted anew; those of jobs are white there. */
final class TransparentMask {
    private TransparentMask() {}

    /**
     * As PNG.
     *
     * @param picture of which a part is painted anew
     * @throws InvalidFieldException naming the field, when it is no mask of the picture
     */
    static byte[] white(String field, byte[] bytes, Upload picture, int maxPixels) {
        BufferedImage mask = ImageFile.decode(field, bytes, maxPixels);
        int width = mask.getWidth();
        int height = mask.getHeight();
        if (width != picture.width() || height != picture.height()) {
            throw new InvalidFieldException(
                    field,
                    width + "×" + height + " pixels",
                    "must have %d×%d pixels, as the picture".formatted(picture.width(), picture.height()));
        }
        if (!mask.getColorModel().hasAlpha()) {
            throw new InvalidFieldException(field, "opaque", "must be transparent where the picture is painted anew");
        }
        BufferedImage white = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        paint(mask, white.getRaster());
        return Png.of(white);
    }

    private static void paint(BufferedImage mask, WritableRaster white) {
        int[] row = new int[mask.getWidth()];
        for (int y = 0; y < mask.getHeight(); y++) {
            mask.getRGB(0, y, row.length, 1, row, 0, row.length);
            for (int x = 0; x < row.length; x++) {
                row[x] = 255 - (row[x] >>> 24);
            }
            white.setSamples(0, y, row.length, 1, 0, row);
        }
    }
}
