package io.ruido.worker.denoise;

import java.util.Arrays;

/** The durations of the last few calls. Their median is not affected by one call on a busy machine. */
final class CallTimes {
    private static final int KEPT = 9;
    private static final int ENOUGH = 3;

    private final double[] seconds = new double[KEPT];
    private int count;
    private long last;

    /**
     * Adds a duration. The first one of a batch size is replaced by the next one, because torch's first call with a
     * size is slower.
     */
    void add(double value, long call) {
        seconds[count < 2 ? 0 : (count - 1) % KEPT] = value;
        count++;
        last = call;
    }

    boolean enough() {
        return count > ENOUGH;
    }

    /** Returns the number of the newest call. */
    long last() {
        return last;
    }

    double median() {
        double[] ascending = Arrays.copyOf(seconds, Math.clamp(count - 1, 1, KEPT));
        Arrays.sort(ascending);
        return ascending[ascending.length / 2];
    }
}
