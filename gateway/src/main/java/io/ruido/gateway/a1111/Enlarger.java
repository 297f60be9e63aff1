package io.ruido.gateway.a1111;

import io.ruido.job.InvalidFieldException;
import java.awt.Dimension;
import java.awt.image.BufferedImage;
import java.util.Map;

/**
 * Enlarges images as a request says.
 *
 * @param values of the request
 * @param maxPixels of all results together, because all lie in memory
 * @param images how many are enlarged
 */
record Enlarger(Map<String, Object> values, long maxPixels, int images) {
    static final String UPSCALER = "upscaler_1";
    static final String SCALE = "upscaling_resize";
    static final String WIDTH = "upscaling_resize_w";
    static final String HEIGHT = "upscaling_resize_h";
    private static final long TO_SIZE = 1;
    private static final double USUAL_SCALE = 2;
    private static final long USUAL_SIDE = 512;

    /** @param field that has the image */
    BufferedImage enlarged(String field, BufferedImage image) {
        return switch (upscaler()) {
            case "None" -> {
                String size = image.getWidth() + " × " + image.getHeight();
                checkSize(field, size, image.getWidth(), image.getHeight());
                yield image;
            }
            case "Lanczos" ->
                Long.valueOf(TO_SIZE).equals(values.get("resize_mode"))
                        ? toSize(image)
                        : byScale(image, (Double) values.getOrDefault(SCALE, USUAL_SCALE));
            default -> throw new InvalidFieldException(UPSCALER, values.get(UPSCALER), "must be None or Lanczos");
        };
    }

    private String upscaler() {
        String name = ((String) values.getOrDefault(UPSCALER, "")).strip();
        return name.isEmpty() ? "None" : name;
    }

    private BufferedImage byScale(BufferedImage image, double scale) {
        double width = image.getWidth() * scale;
        double height = image.getHeight() * scale;
        checkSize(SCALE, scale, width, height);
        return MaskedRegion.resized(image, (int) width, (int) height);
    }

    /** Covers the size in the image's proportions. */
    private BufferedImage toSize(BufferedImage image) {
        Dimension size = new Dimension();
        size.setSize(side(WIDTH), side(HEIGHT));
        double scale = Math.max(size.getWidth() / image.getWidth(), size.getHeight() / image.getHeight());
        int width = Math.max(size.width, (int) Math.min(image.getWidth() * scale, Integer.MAX_VALUE));
        int height = Math.max(size.height, (int) Math.min(image.getHeight() * scale, Integer.MAX_VALUE));
        checkSize(WIDTH, values.get(WIDTH), width, height);
        BufferedImage covering = MaskedRegion.resized(image, width, height);
        return Boolean.FALSE.equals(values.get("upscaling_crop"))
                ? covering
                : covering.getSubimage((width - size.width) / 2, (height - size.height) / 2, size.width, size.height);
    }

    private long side(String field) {
        long side = (Long) values.getOrDefault(field, USUAL_SIDE);
        if (side < 1) {
            throw new InvalidFieldException(field, side, "must be at least 1");
        }
        return side;
    }

    private void checkSize(String field, Object value, double width, double height) {
        long most = maxPixels / images;
        if (!(width >= 1 && height >= 1 && width * height <= most)) {
            String each = images == 1 ? "" : " for each of %d images".formatted(images);
            throw new InvalidFieldException(
                    field, value, "must give an image of 1 to %d pixels".formatted(most) + each);
        }
    }
}
