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
     */
    public static float[] bilinear(float[] latents, Shape from, Shape to) {
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
                int top = (int) fromY;
                int bottom = Math.min(top + 1, height - 1);
                for (int x = 0; x < toWidth; x++) {
                    float fromX = place(x, width, toWidth);
                    int left = (int) fromX;
                    int right = Math.min(left + 1, width - 1);
                    float above = mix(
                            latents[plane + top * width + left], latents[plane + top * width + right], fromX - left);
                    float below = mix(
                            latents[plane + bottom * width + left],
                            latents[plane + bottom * width + right],
                            fromX - left);
                    out[at++] = mix(above, below, fromY - top);
                }
            }
        }
        return out;
    }

    /** Where the middle of a value of the result lies among the given ones. */
    private static float place(int index, int given, int wanted) {
        return Math.max(0, (index + 0.5f) * given / wanted - 0.5f);
    }

    private static float mix(float one, float other, float share) {
        return one + (other - one) * share;
    }
}
