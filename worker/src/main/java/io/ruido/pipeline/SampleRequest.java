package io.ruido.pipeline;

import java.util.Optional;

/**
 * One picture to be made.
 *
 * @param prompt a text, or a class's number or name
 * @param negativePrompt empty for none
 * @param sampler id of a sampler, or empty for the one that the folder's configuration describes
 * @param guidance of classifier-free guidance; 1 and less is none
 * @param guidanceRescale from 0 to 1, how far guidance is kept from overexposing
 * @param clipSkip how many of the last layers of a CLIP text encoder are left out
 * @param source picture to begin with, if any
 */
public record SampleRequest(
        String prompt,
        String negativePrompt,
        long seed,
        int steps,
        Optional<String> sampler,
        double guidance,
        double guidanceRescale,
        int width,
        int height,
        int clipSkip,
        Optional<Source> source) {
    public SampleRequest {
        if (steps < 1) {
            throw new IllegalArgumentException("steps must be at least 1, was " + steps);
        }
        if (!Double.isFinite(guidance)) {
            throw new IllegalArgumentException("guidance must be a finite number, was " + guidance);
        }
        if (!(guidanceRescale >= 0 && guidanceRescale <= 1)) {
            throw new IllegalArgumentException("guidance rescale must be from 0 to 1, was " + guidanceRescale);
        }
        if (clipSkip < 0) {
            throw new IllegalArgumentException("clip skip must not be negative, was " + clipSkip);
        }
        if (source.isPresent() && !source.get().image().hasSize(width, height)) {
            throw new IllegalArgumentException("image must be of %d×%d pixels, is of %d×%d"
                    .formatted(
                            width,
                            height,
                            source.get().image().width(),
                            source.get().image().height()));
        }
    }

    /**
     * A picture to begin with.
     *
     * @param strength above 0, at most 1: how much of it is replaced by noise
     * @param mask bright where the picture is painted anew, dark where it is kept; empty to paint all of it
     */
    public record Source(RgbImage image, double strength, Optional<RgbImage> mask) {
        public Source {
            if (!(strength > 0 && strength <= 1)) {
                throw new IllegalArgumentException("strength must be above 0 and at most 1, was " + strength);
            }
            if (mask.isPresent() && !mask.get().hasSize(image.width(), image.height())) {
                throw new IllegalArgumentException("mask must be as large as the image, %d×%d pixels, is %d×%d"
                        .formatted(
                                image.width(),
                                image.height(),
                                mask.get().width(),
                                mask.get().height()));
            }
        }
    }

    public SampleRequest withSeed(long newSeed) {
        return new SampleRequest(
                prompt,
                negativePrompt,
                newSeed,
                steps,
                sampler,
                guidance,
                guidanceRescale,
                width,
                height,
                clipSkip,
                source);
    }
}
