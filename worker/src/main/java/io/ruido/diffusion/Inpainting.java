package io.ruido.diffusion;

import java.util.Arrays;

/** The way in which a part of an image is repainted and the rest is kept. */
public sealed interface Inpainting {
    /** No part is kept. */
    record None() implements Inpainting {}

    /**
     * The kept part is blended in after each step, with noise of the current level.
     *
     * @param latents clean latents of the image
     * @param mask value for each latent: 1 where it is repainted, 0 where it is kept
     */
    record Blended(float[] latents, float[] mask) implements Inpainting {}

    /**
     * The denoiser is an inpainting model, which takes the mask and the masked image as input.
     *
     * @param channels mask and latents of the masked image, (1 + L)·h·w
     */
    record Concatenated(float[] channels) implements Inpainting {}

    /**
     * The kept part is clean at each step, and the denoiser was trained for this.
     *
     * @param latents clean latents
     * @param mask value for each latent: 1 where it is generated, 0 where it is kept
     */
    record CleanRegion(float[] latents, float[] mask) implements Inpainting {
        /**
         * Creates the known part of a clip whose first frame is kept.
         *
         * @param first latents of that frame, channel by channel
         * @param channels number of channels of the latents
         * @param frames number of frames of the latents
         */
        public static CleanRegion ofFirstFrame(float[] first, int channels, int frames) {
            int frame = first.length / channels;
            float[] latents = new float[first.length * frames];
            float[] mask = new float[latents.length];
            Arrays.fill(mask, 1);
            for (int channel = 0; channel < channels; channel++) {
                int at = channel * frames * frame;
                System.arraycopy(first, channel * frame, latents, at, frame);
                Arrays.fill(mask, at, at + frame, 0);
            }
            return new CleanRegion(latents, mask);
        }
    }

    /** Returns the values to save. */
    default float[][] rows() {
        return switch (this) {
            case None none -> new float[0][];
            case Blended(float[] latents, float[] mask) -> new float[][] {latents, mask};
            case Concatenated(float[] channels) -> new float[][] {channels};
            case CleanRegion(float[] latents, float[] mask) -> new float[][] {latents, mask, {}};
        };
    }

    /** Restores an inpainting from its {@link #rows}. */
    static Inpainting of(float[]... rows) {
        return switch (rows.length) {
            case 0 -> new None();
            case 1 -> new Concatenated(rows[0]);
            case 2 -> new Blended(rows[0], rows[1]);
            default -> new CleanRegion(rows[0], rows[1]);
        };
    }
}
