package io.ruido.diffusion.noise;

import java.util.Arrays;

/**
 * Makes a well-mixed seed of whole numbers, as NumPy's {@code SeedSequence} does: Melissa O'Neill 2015, "Developing a
 * seed_seq Alternative". Each place in a tree can so have a generator of its own.
 */
final class SeedSequence {
    private static final int POOL = 24; // words, as torchsde has it
    private static final int HASH_START = 0x43b0d7e5;
    private static final int HASH_FACTOR = 0x931e8875;
    private static final int OUTPUT_START = 0x8b51f9dd;
    private static final int OUTPUT_FACTOR = 0x58f38ded;

    private final int[] pool = new int[POOL];
    private int hash = HASH_START;

    private SeedSequence(int[] entropy) {
        for (int i = 0; i < POOL; i++) {
            pool[i] = hashed(i < entropy.length ? entropy[i] : 0);
        }
        for (int from = 0; from < POOL; from++) {
            for (int to = 0; to < POOL; to++) {
                if (from != to) {
                    pool[to] = mixed(pool[to], hashed(pool[from]));
                }
            }
        }
        for (int from = POOL; from < entropy.length; from++) {
            for (int to = 0; to < POOL; to++) {
                pool[to] = mixed(pool[to], hashed(entropy[from]));
            }
        }
    }

    /** First word of the sequence of a seed. */
    static int word(long seed) {
        return new SeedSequence(new int[] {(int) seed, (int) (seed >>> 32)}).firstWord();
    }

    /** First word of the sequence of a node in the seed's tree. */
    static int word(long seed, long node, int depth) {
        int high = (int) (node >>> 32); // a word of its own, if there is one
        int[] place = high == 0 ? new int[] {(int) node, depth} : new int[] {(int) node, high, depth};
        int[] entropy = Arrays.copyOf(new int[] {(int) seed, (int) (seed >>> 32)}, POOL + place.length);
        System.arraycopy(place, 0, entropy, POOL, place.length);
        return new SeedSequence(entropy).firstWord();
    }

    private int hashed(int value) {
        int result = value ^ hash;
        hash *= HASH_FACTOR;
        result *= hash;
        return result ^ result >>> 16;
    }

    private static int mixed(int x, int y) {
        int result = 0xca01f9dd * x - 0x4973f715 * y;
        return result ^ result >>> 16;
    }

    private int firstWord() {
        int result = pool[0] ^ OUTPUT_START;
        result *= OUTPUT_START * OUTPUT_FACTOR;
        return result ^ result >>> 16;
    }
}
