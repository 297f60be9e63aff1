package io.ruido.pipeline;

import io.ruido.job.Churn;
import io.ruido.job.Geometry;
import io.ruido.job.Seeds;
import io.ruido.pipeline.image.RgbImage;
import java.util.Optional;

/**
 * A request for one image or clip.
 *
 * @param prompt a text, or a class's number or name
 * @param negativePrompt empty for none
 * @param seeds seeds of the noise
 * @param sampler id of a sampler, or empty for the one of the folder
 * @param guidance scale of classifier-free guidance; 1 and less is none
 * @param guidanceRescale from 0 to 1, how far guidance is kept from overexposing
 * @param clipSkip how many of the last layers of a CLIP text encoder are left out
 * @param source image to start from, if any
 * @param eta how much noise the sampler adds, or empty for its own
 * @param churn noise before steps
 * @param lowNoiseGuidance guidance of the second of two networks, or empty for the same; diffusers'
 *     {@code guidance_scale_2}
 */
public record SampleRequest(
        String prompt,
        String negativePrompt,
        Seeds seeds,
        int steps,
        Optional<String> sampler,
        double guidance,
        double guidanceRescale,
        Geometry geometry,
        int clipSkip,
        Optional<Source> source,
        Optional<Double> eta,
        Churn churn,
        Optional<Double> lowNoiseGuidance) {
    public SampleRequest {
        if (steps < 1) {
            throw new IllegalArgumentException("steps must be at least 1, was " + steps);
        }
        if (!Double.isFinite(guidance)) {
            throw new IllegalArgumentException("guidance must be a finite number, was " + guidance);
        }
        if (lowNoiseGuidance.isPresent() && !Double.isFinite(lowNoiseGuidance.get())) {
            throw new IllegalArgumentException(
                    "low-noise guidance must be a finite number, was " + lowNoiseGuidance.get());
        }
        if (!(guidanceRescale >= 0 && guidanceRescale <= 1)) {
            throw new IllegalArgumentException("guidance rescale must be from 0 to 1, was " + guidanceRescale);
        }
        if (clipSkip < 0) {
            throw new IllegalArgumentException("clip skip must not be negative, was " + clipSkip);
        }
        if (source.isPresent() && !source.get().image().hasSize(geometry.width(), geometry.height())) {
            throw new IllegalArgumentException("image must be of %d×%d pixels, is of %d×%d"
                    .formatted(
                            geometry.width(),
                            geometry.height(),
                            source.get().image().width(),
                            source.get().image().height()));
        }
    }

    /** Creates a request with the sampler's own η, no churn and the same guidance for all noise. */
    public SampleRequest(
            String prompt,
            String negativePrompt,
            Seeds seeds,
            int steps,
            Optional<String> sampler,
            double guidance,
            double guidanceRescale,
            Geometry geometry,
            int clipSkip,
            Optional<Source> source) {
        this(
                prompt,
                negativePrompt,
                seeds,
                steps,
                sampler,
                guidance,
                guidanceRescale,
                geometry,
                clipSkip,
                source,
                Optional.empty(),
                Churn.NONE,
                Optional.empty());
    }

    /**
     * An image to start from.
     *
     * @param strength above 0, at most 1: how much of it is replaced by noise
     * @param mask bright where the image is repainted, dark where it is kept; empty to repaint all of it
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

    /** @param lowNoise whether the second of two networks predicts */
    double guidance(boolean lowNoise) {
        return lowNoise ? lowNoiseGuidance.orElse(guidance) : guidance;
    }

    /** Returns the part of the trajectory to run, 1 for all of it. */
    double strength() {
        return source.map(Source::strength).orElse(1.0);
    }

    /** Returns the number of steps that are made. */
    public int stepsMade() {
        return io.ruido.job.Source.stepsMade(steps, strength());
    }

    /** Returns the request of one of several results. */
    public SampleRequest ofImage(int index) {
        return new SampleRequest(
                prompt,
                negativePrompt,
                seeds.ofImage(index),
                steps,
                sampler,
                guidance,
                guidanceRescale,
                geometry,
                clipSkip,
                source,
                eta,
                churn,
                lowNoiseGuidance);
    }
}
