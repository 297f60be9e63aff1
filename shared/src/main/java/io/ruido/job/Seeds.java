package io.ruido.job;

/**
 * What the first noise of a result is drawn from.
 *
 * @param seed of the noise
 * @param variation another seed that some of the noise is taken from; null for none
 */
public record Seeds(long seed, Variation variation) {
    /** Seeds for noise without a variation. */
    public static Seeds of(long seed) {
        return new Seeds(seed, null);
    }

    /** The seeds of one of a job's images: each has the next seed, or is the next variation of one. */
    public Seeds ofImage(int index) {
        return variation == null
                ? of(seed + index)
                : new Seeds(seed, new Variation(variation.seed() + index, variation.strength()));
    }
}
