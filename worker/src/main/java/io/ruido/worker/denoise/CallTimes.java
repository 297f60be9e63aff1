package io.ruido.worker.denoise;

import java.util.Arrays;

/** The last few times that a call took. Their median does not mind that the machine was busy for one of them. */
final class CallTimes {
    private static final int KEPT = 9;
    private static final int ENOUGH = 3;

    private final double[] seconds = new double[KEPT];
    private int count;
    private long last;

    /** The first call of a size makes torch prepare itself for it: a later one replaces it. */
    void add(double value, long call) {
        seconds[count < 2 ? 0 : (count - 1) % KEPT] = value;
        count++;
        last = call;
    }

    boolean enough() {
        return count > ENOUGH;
    }

    /** Number of the newest call. */
    long last() {
        return last;
    }

    double median() {
        double[] ascending = Arrays.copyOf(seconds, Math.clamp(count - 1, 1, KEPT));
        Arrays.sort(ascending);
        return ascending[ascending.length / 2];
    }
}
