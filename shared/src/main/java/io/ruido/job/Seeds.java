package io.ruido.job;

/**
 * The seeds of the initial noise of a result.
 *
 * @param seed seed of the noise
 * @param variation another seed that the noise is turned towards; null for none
 */
public record Seeds(long seed, Variation variation) {
    /** Returns seeds without a variation. */
    public static Seeds of(long seed) {
        return new Seeds(seed, null);
    }

    /** Returns the seeds of one of a job's images: each has the next seed, or the next variation of one seed. */
    public Seeds ofImage(int index) {
        return variation == null
                ? of(seed + index)
                : new Seeds(seed, new Variation(variation.seed() + index, variation.strength()));
    }
}
