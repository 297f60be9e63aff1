package io.ruido.train.data;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Random draws as a function of seed and position, so that a run can resume anywhere. */
public final class Seeds {
    private static final RandomGeneratorFactory<RandomGenerator> FACTORY =
            RandomGeneratorFactory.of("L64X128MixRandom");

    private Seeds() {}

    /** The generator of one step, or of whatever else has a number. */
    public static RandomGenerator of(long seed, long position) {
        return FACTORY.create(seed * 0x9E3779B97F4A7C15L + position);
    }

    /** The image at a place of an endless sequence that has each of {@code count} images once in every round. */
    public static int[] round(long seed, long round, int count) {
        RandomGenerator random = of(~seed, round);
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    /** Standard normal numbers. */
    public static float[] normal(RandomGenerator random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
