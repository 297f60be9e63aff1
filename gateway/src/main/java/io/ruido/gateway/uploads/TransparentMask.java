package io.ruido.gateway.uploads;

import io.ruido.image.ImageEncoder;
import io.ruido.image.ImageFile;
import io.ruido.job.InvalidFieldException;
import io.ruido.job.Upload;
import java.awt.image.BufferedImage;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Converts OpenAI's masks, which are transparent where the image is repainted, to masks of jobs, which are white there.
 */
final class TransparentMask {
    private TransparentMask() {}

    /** Returns a PNG that is white where the image is transparent; empty when all of it is opaque. */
    static Optional<byte[]> hole(String field, byte[] bytes, int maxPixels, BooleanSupplier abandoned) {
        return ImageFile.transparency(field, bytes, maxPixels, abandoned).map(ImageEncoder::png);
    }

    /**
     * Converts a mask to a PNG that is white where the mask is transparent.
     *
     * @param image image of which a part is repainted
     * @throws InvalidFieldException naming the field, when it is not a mask of the image
     */
    static byte[] white(String field, byte[] bytes, Upload image, int maxPixels, BooleanSupplier abandoned) {
        BufferedImage white = ImageFile.transparency(field, bytes, maxPixels, abandoned)
                .orElseThrow(() ->
                        new InvalidFieldException(field, "opaque", "must be transparent where the image is repainted"));
        int width = white.getWidth();
        int height = white.getHeight();
        if (width != image.width() || height != image.height()) {
            throw new InvalidFieldException(
                    field,
                    width + "×" + height + " pixels",
                    "must have %d×%d pixels like the image".formatted(image.width(), image.height()));
        }
        return ImageEncoder.png(white);
    }
}
