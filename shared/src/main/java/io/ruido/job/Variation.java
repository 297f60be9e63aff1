package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

/**
 * Another seed, towards whose noise the initial noise of an image is turned.
 *
 * @param seed seed of the first image; image i is drawn towards {@code seed + i}
 * @param strength above 0, at most 1: how far the initial noise is turned
 */
public record Variation(long seed, double strength) {
    public Variation {
        check(seed >= 0, "variationSeed", seed, "must not be negative");
        check(strength > 0 && strength <= 1, "variationStrength", strength, "must be above 0 and at most 1");
    }
}
