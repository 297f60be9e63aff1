package io.ruido.gateway.a1111;

import com.twelvemonkeys.image.ResampleOp;
import java.awt.Dimension;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.util.Optional;

/**
 * The part of a picture around its mask. With {@code inpaint_full_res}, only this part is drawn, in the size of the job, and then
 * laid into the picture.
 *
 * @param mask white where the picture is repainted, of the picture's size
 */
record MaskedRegion(BufferedImage picture, BufferedImage mask, Rectangle bounds) {
    /**
     * Finds the part around a mask; the whole picture where the mask is black.
     *
     * @param padding in pixels, on each side
     * @param target size of the job, whose proportions the part gets if the picture has room; empty for any
     */
    static MaskedRegion of(BufferedImage picture, BufferedImage mask, int padding, Optional<Dimension> target) {
        BufferedImage sized = resized(mask, picture.getWidth(), picture.getHeight());
        Rectangle whole = new Rectangle(picture.getWidth(), picture.getHeight());
        Rectangle white = white(sized);
        if (white.isEmpty()) {
            return new MaskedRegion(picture, sized, whole);
        }
        white.grow(padding, padding);
        Rectangle part = white.intersection(whole);
        return new MaskedRegion(
                picture,
                sized,
                target.map(size -> inProportions(part, size, whole)).orElse(part));
    }

    private static Rectangle white(BufferedImage mask) {
        Rectangle white = new Rectangle();
        for (int y = 0; y < mask.getHeight(); y++) {
            for (int x = 0; x < mask.getWidth(); x++) {
                if ((mask.getRGB(x, y) & 0xff) > 0) {
                    Rectangle pixel = new Rectangle(x, y, 1, 1);
                    white = white.isEmpty() ? pixel : white.union(pixel);
                }
            }
        }
        return white;
    }

    private static Rectangle inProportions(Rectangle part, Dimension target, Rectangle whole) {
        double proportion = target.getWidth() / target.getHeight();
        int width = Math.max(part.width, (int) (part.height * proportion));
        int height = Math.max(part.height, (int) (part.width / proportion));
        Rectangle wide =
                new Rectangle(part.x - (width - part.width) / 2, part.y - (height - part.height) / 2, width, height);
        wide.x = Math.max(0, Math.min(wide.x, whole.width - width));
        wide.y = Math.max(0, Math.min(wide.y, whole.height - height));
        return wide.intersection(whole);
    }

    /** The part of the picture. */
    BufferedImage part() {
        return picture.getSubimage(bounds.x, bounds.y, bounds.width, bounds.height);
    }

    /** The part of the mask. */
    BufferedImage partOfMask() {
        return mask.getSubimage(bounds.x, bounds.y, bounds.width, bounds.height);
    }

    /** The picture with the drawn part, where the mask is white. */
    BufferedImage with(BufferedImage drawn) {
        BufferedImage part = resized(drawn, bounds.width, bounds.height);
        BufferedImage result = new BufferedImage(picture.getWidth(), picture.getHeight(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < picture.getHeight(); y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                int rgb = picture.getRGB(x, y);
                if (bounds.contains(x, y)) {
                    rgb = mixed(rgb, part.getRGB(x - bounds.x, y - bounds.y), (mask.getRGB(x, y) & 0xff) / 255f);
                }
                result.setRGB(x, y, rgb);
            }
        }
        return result;
    }

    private static int mixed(int kept, int put, float share) {
        int rgb = 0;
        for (int bits = 16; bits >= 0; bits -= 8) {
            int from = kept >> bits & 0xff;
            rgb |= Math.round(from + ((put >> bits & 0xff) - from) * share) << bits;
        }
        return rgb;
    }

    /** The image in another size, by Lanczos interpolation. */
    static BufferedImage resized(BufferedImage image, int width, int height) {
        BufferedImage rgb = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        return image.getWidth() == width && image.getHeight() == height
                ? image
                : new ResampleOp(width, height, ResampleOp.FILTER_LANCZOS).filter(image, rgb);
    }
}
