package io.ruido.pipeline.wan;

import io.ruido.pipeline.RgbImage;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One clip to be made.
 *
 * @param negativePrompt empty for none
 * @param sampler id of a sampler, or empty for the one that the folder's configuration describes
 * @param guidance of classifier-free guidance; 1 and less is none
 * @param lowNoiseGuidance another one for the second of two transformers; empty for the same
 * @param frames 4k + 1
 * @param image the first frame, for a model that begins with one
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
        Optional<RgbImage> image) {
    public ClipRequest {
        if (steps < 1) {
            throw new IllegalArgumentException("steps must be at least 1, was " + steps);
        }
        if (!Double.isFinite(guidance)) {
            throw new IllegalArgumentException("guidance must be a finite number, was " + guidance);
        }
        if (image.isPresent() && !image.get().hasSize(width, height)) {
            throw new IllegalArgumentException("image must be of %d×%d pixels, is of %d×%d"
                    .formatted(width, height, image.get().width(), image.get().height()));
        }
    }
}
