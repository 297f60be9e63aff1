package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

/**
 * Another seed, some of whose noise an image begins with.
 *
 * @param seed of the first image; image i is drawn towards {@code seed + i}
 * @param strength above 0, at most 1: how far the first noise is turned towards the other seed's
 */
public record Variation(long seed, double strength) {
    public Variation {
        check(seed >= 0, "variationSeed", seed, "must not be negative");
        check(strength > 0 && strength <= 1, "variationStrength", strength, "must be above 0 and at most 1");
    }
}
