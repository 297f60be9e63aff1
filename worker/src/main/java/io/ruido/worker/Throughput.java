package io.ruido.worker;

import java.util.concurrent.atomic.LongAdder;

/** Counts steps and denoiser calls between two calls of {@link #sinceLastCall}. Thread-safe. */
final class Throughput {
    private final LongAdder steps = new LongAdder();
    private final LongAdder calls = new LongAdder();
    private final LongAdder rows = new LongAdder();
    private long asked = System.nanoTime();

    /** @param rows average number of rows in a call of the denoiser; 0 when there was no call */
    record Rate(double rows, double stepsPerSecond) {}

    void step() {
        steps.increment();
    }

    void call(int batch) {
        calls.increment();
        rows.add(batch);
    }

    /** Returns the rates since the previous call. */
    synchronized Rate sinceLastCall() {
        long now = System.nanoTime();
        double seconds = (now - asked) / 1e9;
        asked = now;
        double called = calls.sumThenReset();
        return new Rate(called == 0 ? 0 : rows.sumThenReset() / called, steps.sumThenReset() / seconds);
    }
}
