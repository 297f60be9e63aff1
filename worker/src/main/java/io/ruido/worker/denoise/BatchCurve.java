package io.ruido.worker.denoise;

import java.util.TreeMap;

/**
 * How long calls of the denoiser take, by rows in the batch, and what follows from it: the fewest rows with which a row
 * costs about as little as it can. Learned from the calls that are made anyway, so that a start costs nothing and the
 * curve stays true when the machine gets other work to do: it doubles the batch for as long as that pays. For one
 * thread at a time.
 *
 * <p>A row is one sample of the batch, or one of the two that guidance needs.
 */
final class BatchCurve {
    /** A row may cost this much more than at best: a larger batch would gain less than noise, and make others wait. */
    private static final double TOLERANCE = 1.05;

    /** The number of calls after which half and twice the batch are measured again. */
    private static final int VALID_FOR = 100;

    private final TreeMap<Integer, CallTimes> byRows = new TreeMap<>();
    private int most = Integer.MAX_VALUE;
    private long calls;

    /** Rows that the next batch may have. */
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
