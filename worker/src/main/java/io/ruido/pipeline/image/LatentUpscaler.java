package io.ruido.pipeline.image;

import ai.djl.ndarray.types.Shape;

/** Enlarges latents, as {@code torch.nn.functional.interpolate} does with {@code align_corners=False}. */
public final class LatentUpscaler {
    private LatentUpscaler() {}

    /**
     * Interpolates between the four nearest values.
     *
     * @param latents of the shape {@code from}
     * @param from (1, L, h, w)
     * @param to (1, L, H, W)
     * @param seamless whether the opposite border is beyond a border; else the border itself
     */
    public static float[] bilinear(float[] latents, Shape from, Shape to, boolean seamless) {
        int channels = (int) from.get(1);
        int height = (int) from.get(2);
        int width = (int) from.get(3);
        int toHeight = (int) to.get(2);
        int toWidth = (int) to.get(3);
        float[] out = new float[channels * toHeight * toWidth];
        int at = 0;
        for (int channel = 0; channel < channels; channel++) {
            int plane = channel * height * width;
            for (int y = 0; y < toHeight; y++) {
                float fromY = place(y, height, toHeight);
                int above = (int) Math.floor(fromY);
                int top = within(above, height, seamless);
                int bottom = within(above + 1, height, seamless);
                for (int x = 0; x < toWidth; x++) {
                    float fromX = place(x, width, toWidth);
                    int before = (int) Math.floor(fromX);
                    int left = within(before, width, seamless);
                    int right = within(before + 1, width, seamless);
                    float upper = mix(
                            latents[plane + top * width + left], latents[plane + top * width + right], fromX - before);
                    float lower = mix(
                            latents[plane + bottom * width + left],
                            latents[plane + bottom * width + right],
                            fromX - before);
                    out[at++] = mix(upper, lower, fromY - above);
                }
            }
        }
        return out;
    }

    /** Where the middle of a value of the result lies among the given ones. */
    private static float place(int index, int given, int wanted) {
        return (index + 0.5f) * given / wanted - 0.5f;
    }

    private static int within(int index, int side, boolean seamless) {
        return seamless ? Math.floorMod(index, side) : Math.clamp(index, 0, side - 1);
    }

    private static float mix(float one, float other, float share) {
        return one + (other - one) * share;
    }
}
