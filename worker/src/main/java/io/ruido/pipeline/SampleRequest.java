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
 * @param variation another seed that some of the first noise is taken from
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
        Optional<Variation> variation,
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

    /**
     * Another seed that some of the first noise is taken from.
     *
     * @param strength above 0, at most 1: how far the noise is turned towards the other seed's
     */
    public record Variation(long seed, double strength) {
        public Variation {
            if (!(strength > 0 && strength <= 1)) {
                throw new IllegalArgumentException("variation strength must be above 0 and at most 1, was " + strength);
            }
        }
    }

    /** How much of the way from noise to a picture is made, 1 for all of it. */
    double strength() {
        return source.map(Source::strength).orElse(1.0);
    }

    /** How many of the steps are made. */
    public int stepsMade() {
        return (int) (steps * strength());
    }

    /** One of several pictures: each has the next seed, or is the next variation of one. */
    public SampleRequest ofImage(int index) {
        return new SampleRequest(
                prompt,
                negativePrompt,
                variation.isPresent() ? seed : seed + index,
                steps,
                sampler,
                guidance,
                guidanceRescale,
                width,
                height,
                clipSkip,
                variation.map(other -> new Variation(other.seed() + index, other.strength())),
                source);
    }
}
