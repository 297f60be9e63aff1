package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import java.util.regex.Pattern;

/**
 * How an image is denoised.
 *
 * @param model name of a model folder, also part of a Kafka topic's name
 * @param width in pixels
 * @param height in pixels
 * @param steps of the trajectory; second-order samplers call the denoiser several times in a step
 * @param guidanceScale classifier-free guidance; 1 means none (Ho and Salimans 2022, with diffusers' offset of one)
 * @param sampler id such as {@code ddim}
 * @param seed of the first image; image i is drawn from {@code seed + i}
 */
public record SamplingParams(
        String model, int width, int height, int steps, double guidanceScale, String sampler, long seed) {
    private static final Pattern MODEL = Pattern.compile("[a-z0-9][a-z0-9._-]{0,99}");

    public SamplingParams {
        check(model != null && MODEL.matcher(model).matches(), "model", model, "must match " + MODEL.pattern());
        check(width > 0, "width", width, "must be positive");
        check(height > 0, "height", height, "must be positive");
        check(steps > 0, "steps", steps, "must be at least 1");
        check(
                Double.isFinite(guidanceScale) && guidanceScale >= 0,
                "guidanceScale",
                guidanceScale,
                "must be a finite number of at least 0");
        check(sampler != null && !sampler.isBlank(), "sampler", sampler, "must name a sampler");
        check(seed >= 0, "seed", seed, "must not be negative");
    }

    public SamplingParams withSeed(long newSeed) {
        return new SamplingParams(model, width, height, steps, guidanceScale, sampler, newSeed);
    }
}
