package io.ruido.gateway.a1111;

import com.twelvemonkeys.image.ResampleOp;
import io.ruido.image.ImageEncoder;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Map;

/**
 * Prepares masks and the content of the repainted part like AUTOMATIC1111's {@code img2img}.
 *
 * @param invert whether the image is repainted where the mask is black
 * @param blurX standard deviation in pixels
 * @param blurY the same, downwards
 * @param fill whether colours of the surroundings replace the repainted part
 */
record Inpainting(boolean invert, double blurX, double blurY, boolean fill) {
    /** Larger ones are filled by a smaller copy: only rough colours are wanted. */
    private static final int FILLED_SIDE = 256;

    /**
     * Standard deviations of the colours that spread into a hole, in pixels, and how often each is laid over the last.
     */
    private static final double[][] SPREADS = {{64, 1}, {16, 2}, {4, 4}, {2, 2}};

    static Inpainting of(Map<String, Object> values) {
        double blur = number(values, "mask_blur", 0);
        return new Inpainting(
                Boolean.TRUE.equals(values.get("inpainting_mask_invert")),
                number(values, "mask_blur_x", blur),
                number(values, "mask_blur_y", blur),
                number(values, "inpainting_fill", 1) == 0);
    }

    private static double number(Map<String, Object> values, String name, double absent) {
        return values.get(name) instanceof Number number ? number.doubleValue() : absent;
    }

    boolean changesMask() {
        return invert || blurX > 0 || blurY > 0;
    }

    /** Returns the mask of a job: white where the image is repainted. */
    byte[] mask(BufferedImage mask) {
        return ImageEncoder.png(prepared(mask));
    }

    /** Returns the pixels of the mask of a job. */
    BufferedImage prepared(BufferedImage mask) {
        BufferedImage out = new BufferedImage(mask.getWidth(), mask.getHeight(), BufferedImage.TYPE_BYTE_GRAY);
        float[] greys = greys(mask);
        greys = blurred(greys, mask.getWidth(), blurX, 1);
        greys = blurred(greys, mask.getWidth(), blurY, mask.getWidth());
        out.getRaster().setPixels(0, 0, mask.getWidth(), mask.getHeight(), greys);
        return out;
    }

    /** The picture with a hole filled by what is around it. */
    byte[] filled(BufferedImage picture, BufferedImage mask) {
        double scale = Math.min(1, (double) FILLED_SIDE / Math.max(picture.getWidth(), picture.getHeight()));
        int width = Math.max(1, (int) (picture.getWidth() * scale));
        int height = Math.max(1, (int) (picture.getHeight() * scale));
        BufferedImage rough = spread(resized(picture, width, height), greys(resized(mask, width, height)));
        BufferedImage colours = resized(rough, picture.getWidth(), picture.getHeight());
        float[] share = greys(resized(mask, picture.getWidth(), picture.getHeight()));
        BufferedImage out = new BufferedImage(picture.getWidth(), picture.getHeight(), BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < share.length; i++) {
            int x = i % picture.getWidth();
            int y = i / picture.getWidth();
            int rgb = 0;
            for (int bits = 16; bits >= 0; bits -= 8) {
                int kept = picture.getRGB(x, y) >> bits & 0xff;
                int put = colours.getRGB(x, y) >> bits & 0xff;
                rgb |= Math.round(kept + (put - kept) * share[i] / 255) << bits;
            }
            out.setRGB(x, y, rgb);
        }
        return ImageEncoder.png(out);
    }

    /** Each pixel's weight is how much of it is kept; what spreads furthest is laid under what spreads less. */
    private static BufferedImage spread(BufferedImage picture, float[] hole) {
        int width = picture.getWidth();
        float[][] out = new float[3][hole.length];
        for (double[] spread : SPREADS) {
            float[] weight = new float[hole.length];
            for (int i = 0; i < hole.length; i++) {
                weight[i] = 1 - hole[i] / 255;
            }
            float[] alpha = blurred(blurred(weight, width, spread[0], 1), width, spread[0], width);
            for (int band = 0; band < 3; band++) {
                float[] colour = picture.getRaster().getSamples(0, 0, width, picture.getHeight(), band, (float[]) null);
                for (int i = 0; i < colour.length; i++) {
                    colour[i] *= weight[i];
                }
                colour = blurred(blurred(colour, width, spread[0], 1), width, spread[0], width);
                for (int times = 0; times < spread[1]; times++) {
                    for (int i = 0; i < colour.length; i++) {
                        out[band][i] = colour[i] + out[band][i] * (1 - alpha[i]);
                    }
                }
            }
        }
        BufferedImage result = new BufferedImage(width, picture.getHeight(), BufferedImage.TYPE_INT_RGB);
        for (int band = 0; band < 3; band++) {
            for (int i = 0; i < out[band].length; i++) {
                out[band][i] = Math.clamp(Math.round(out[band][i]), 0, 255);
            }
            result.getRaster().setSamples(0, 0, width, picture.getHeight(), band, out[band]);
        }
        return result;
    }

    private static BufferedImage resized(BufferedImage image, int width, int height) {
        BufferedImage rgb = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        return image.getWidth() == width && image.getHeight() == height
                ? image
                : new ResampleOp(width, height, ResampleOp.FILTER_TRIANGLE).filter(image, rgb);
    }

    private float[] inverted(float[] greys) {
        if (invert) {
            for (int i = 0; i < greys.length; i++) {
                greys[i] = 255 - greys[i];
            }
        }
        return greys;
    }

    /** Brightness (ITU-R BT.601), inverted where that is asked for. */
    private float[] greys(BufferedImage image) {
        float[] greys = new float[image.getWidth() * image.getHeight()];
        for (int i = 0; i < greys.length; i++) {
            int rgb = image.getRGB(i % image.getWidth(), i / image.getWidth());
            greys[i] = 0.299f * (rgb >> 16 & 0xff) + 0.587f * (rgb >> 8 & 0xff) + 0.114f * (rgb & 0xff);
        }
        return inverted(greys);
    }

    /** Blurs with a Gaussian of 2.5 standard deviations to each side, along rows (step 1) or columns (step width). */
    private static float[] blurred(float[] values, int width, double sigma, int step) {
        if (sigma <= 0) {
            return values;
        }
        int reach = (int) (2.5 * sigma + 0.5);
        double[] kernel = new double[2 * reach + 1];
        Arrays.setAll(kernel, i -> Math.exp(-Math.pow(i - reach, 2) / (2 * sigma * sigma)));
        double sum = Arrays.stream(kernel).sum();
        int length = step == 1 ? width : values.length / width;
        float[] out = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            int at = step == 1 ? i % width : i / width;
            double total = 0;
            for (int k = -reach; k <= reach; k++) {
                total += kernel[k + reach] * values[i + (mirrored(at + k, length) - at) * step];
            }
            out[i] = (float) (total / sum);
        }
        return out;
    }

    private static int mirrored(int at, int length) {
        if (length == 1) {
            return 0;
        }
        int period = 2 * (length - 1);
        int within = Math.floorMod(at, period);
        return within < length ? within : period - within;
    }
}
