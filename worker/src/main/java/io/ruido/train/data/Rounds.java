package io.ruido.train.data;

/** An endless sequence of images that contains each once in every round, in a new order each time. */
public final class Rounds {
    private final long seed;
    private final int count;
    private long round = -1;
    private int[] order;

    public Rounds(long seed, int count) {
        this.seed = seed;
        this.count = count;
    }

    /** The images of one step. */
    public int[] batch(int step, int size) {
        int[] batch = new int[size];
        for (int i = 0; i < size; i++) {
            batch[i] = at((long) step * size + i);
        }
        return batch;
    }

    private int at(long position) {
        if (position / count != round) {
            round = position / count;
            order = Seeds.round(seed, round, count);
        }
        return order[(int) (position % count)];
    }
}
