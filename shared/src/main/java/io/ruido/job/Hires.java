package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * A second pass of denoising, which begins with the enlarged image of the first ("hires fix" of AUTOMATIC1111's web
 * UI).
 *
 * @param width width of the result in pixels
 * @param height height of the result in pixels
 * @param steps number of steps of the second trajectory
 * @param strength above 0, at most 1: how much of the enlarged image is replaced, and the share of the steps that is
 *     made
 * @param upscaler enlarges the image of the first pass
 */
public record Hires(int width, int height, int steps, double strength, Upscaler upscaler) {
    /** How an image is enlarged. */
    public enum Upscaler {
        /** Bilinear interpolation of the latents. */
        LATENT,
        /** Lanczos interpolation of the decoded image. */
        LANCZOS;

        /** Returns the name in jobs. */
        @JsonValue
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Hires {
        check(width > 0, "hiresWidth", width, "must be positive");
        check(height > 0, "hiresHeight", height, "must be positive");
        check(steps > 0, "hiresSteps", steps, "must be at least 1");
        check(strength > 0 && strength <= 1, "hiresStrength", strength, "must be above 0 and at most 1");
        check(
                Source.stepsMade(steps, strength) > 0,
                "hiresStrength",
                strength,
                "leaves none of %d steps to run".formatted(steps));
        check(upscaler != null, "hiresUpscaler", upscaler, "must be given");
    }

    /** Returns the number of steps that the second pass makes. */
    @JsonIgnore
    public int stepsMade() {
        return Source.stepsMade(steps, strength);
    }

    /** Returns the parameters of the second pass. */
    SamplingParams of(SamplingParams first) {
        return first.withPass(Geometry.ofImage(width, height), steps);
    }
}
