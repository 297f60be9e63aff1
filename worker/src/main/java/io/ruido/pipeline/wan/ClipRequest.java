package io.ruido.pipeline.wan;

import io.ruido.pipeline.image.RgbImage;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One clip to be made that begins with a picture.
 *
 * @param negativePrompt empty for none
 * @param sampler id of a sampler, or empty for the one that the folder's configuration describes
 * @param guidance of classifier-free guidance; 1 and less is none
 * @param lowNoiseGuidance another one for the second of two transformers; empty for the same
 * @param frames 4k + 1
 * @param image the first frame
 */
public record ClipRequest(
        String prompt,
        String negativePrompt,
        long seed,
        int steps,
        Optional<String> sampler,
        double guidance,
        OptionalDouble lowNoiseGuidance,
        int width,
        int height,
        int frames,
        RgbImage image) {
    public ClipRequest {
        if (steps < 1) {
            throw new IllegalArgumentException("steps must be at least 1, was " + steps);
        }
        if (!Double.isFinite(guidance)) {
            throw new IllegalArgumentException("guidance must be a finite number, was " + guidance);
        }
        if (!image.hasSize(width, height)) {
            throw new IllegalArgumentException("image must be of %d×%d pixels, is of %d×%d"
                    .formatted(width, height, image.width(), image.height()));
        }
    }
}
