package io.ruido.bench;

/** Seconds since it was made. */
public final class Stopwatch {
    private final long begin = System.nanoTime();

    public double now() {
        return (System.nanoTime() - begin) / 1e9;
    }

    /** Waits until that time; returns at once when it has passed. */
    public void await(double seconds) throws InterruptedException {
        double left = seconds - now();
        if (left > 0) {
            Thread.sleep((long) (left * 1e3));
        }
    }
}
