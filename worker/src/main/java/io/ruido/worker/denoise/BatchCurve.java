package io.ruido.worker.denoise;

import java.util.TreeMap;

/**
 * Learns how long calls of the denoiser take for each batch size, and from this the smallest batch with about the
 * lowest cost per row. It measures the calls that are made anyway, so it needs no warm-up and adapts to the load of the
 * machine. The batch is doubled as long as that reduces the cost per row. Only one thread may use it at a time.
 *
 * <p>A row is one sample of the batch, or one of the two that guidance needs.
 */
final class BatchCurve {
    /**
     * The factor above the lowest cost that a row may cost. A larger batch would save less than the noise of the
     * measurement, and make others wait.
     */
    private static final double TOLERANCE = 1.05;

    /** The number of calls after which half and double the batch size are measured again. */
    private static final int VALID_FOR = 100;

    private final TreeMap<Integer, CallTimes> byRows = new TreeMap<>();
    private int most = Integer.MAX_VALUE;
    private long calls;

    /** Returns the maximum number of rows of the next batch. */
    int limit() {
        if (byRows.isEmpty()) {
            return 1;
        }
        int best = best();
        if (2 * best <= most && (!byRows.containsKey(2 * best) || stale(2 * best))) {
            return 2 * best;
        }
        return stale(best / 2) ? best / 2 : best;
    }

    private boolean stale(int rows) {
        CallTimes times = byRows.get(rows);
        return times != null && (!times.enough() || calls - times.last() > VALID_FOR);
    }

    private int best() {
        double least = byRows.entrySet().stream()
                .mapToDouble(entry -> perRow(entry.getKey(), entry.getValue()))
                .min()
                .orElse(0);
        return byRows.entrySet().stream()
                .filter(entry -> perRow(entry.getKey(), entry.getValue()) <= TOLERANCE * least)
                .mapToInt(entry -> Math.min(entry.getKey(), most))
                .findFirst()
                .orElse(1);
    }

    private static double perRow(int rows, CallTimes times) {
        return times.median() / rows;
    }

    void record(int rows, double seconds) {
        byRows.computeIfAbsent(rows, size -> new CallTimes()).add(seconds, ++calls);
    }

    /** Records that this many rows did not fit into memory. */
    void tooMany(int rows) {
        most = Math.max(1, rows / 2);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        byRows.forEach((rows, times) -> text.append("%d rows %.1f ms, ".formatted(rows, 1e3 * times.median())));
        return text + "at most " + limit();
    }
}
