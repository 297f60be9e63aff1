package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
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
 * @param seed of the first image; image i is drawn from {@code seed + i}, or with a variation all of them from this one
 * @param variation null for none
 * @param source picture to begin with; null to begin with noise
 * @param output the file that each image becomes; PNG when null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SamplingParams(
        String model,
        int width,
        int height,
        int steps,
        double guidanceScale,
        String sampler,
        long seed,
        Variation variation,
        Source source,
        Output output) {
    private static final Pattern MODEL = Pattern.compile("[a-z0-9][a-z0-9._-]{0,99}");

    @JsonCreator
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
        check(
                source == null || source.steps(steps) > 0,
                "strength",
                source == null ? null : source.strength(),
                "leaves none of %d steps to be made".formatted(steps));
        output = output == null ? Output.PNG : output;
    }

    /** From noise. */
    public SamplingParams(
            String model, int width, int height, int steps, double guidanceScale, String sampler, long seed) {
        this(model, width, height, steps, guidanceScale, sampler, seed, null, null, null);
    }

    /** The same images in other files. */
    public SamplingParams withOutput(Output other) {
        return new SamplingParams(
                model, width, height, steps, guidanceScale, sampler, seed, variation, source, other);
    }

    /** How many of the steps are made: fewer where a picture is changed only a little. */
    public int stepsMade() {
        return source == null ? steps : source.steps(steps);
    }

    /** Of one of a job's images: each has the next seed, or is the next variation of one. */
    public SamplingParams ofImage(int index) {
        return new SamplingParams(
                model,
                width,
                height,
                steps,
                guidanceScale,
                sampler,
                variation == null ? seed + index : seed,
                variation == null ? null : new Variation(variation.seed() + index, variation.strength()),
                source,
                output);
    }
}
