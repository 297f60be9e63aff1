package io.ruido.worker.models;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs the progress of a model's download every few seconds. */
final class DownloadProgress {
    private static final Logger log = LoggerFactory.getLogger(DownloadProgress.class);
    private static final Duration EVERY = Duration.ofSeconds(2);

    private final String model;
    private final long total;
    private final long begin = System.nanoTime();
    private long kept;
    private long current;
    private long told = begin;

    /** @param total size of the whole model in bytes */
    DownloadProgress(String model, long total) {
        this.model = model;
        this.total = total;
    }

    void add(long bytes) {
        current += bytes;
        long now = System.nanoTime();
        if (now - told > EVERY.toNanos()) {
            told = now;
            double perSecond = perSecond(now);
            log.info(
                    "model {}: {} of {} MB ({} %), {} MB/s, {} s left",
                    model,
                    megabytes(kept + current),
                    megabytes(total),
                    100 * (kept + current) / Math.max(1, total),
                    megabytes((long) perSecond),
                    Math.round((total - kept - current) / perSecond));
        }
    }

    private double perSecond(long now) {
        return (kept + current) / ((now - begin) / 1e9);
    }

    /** Records that a file is complete. */
    void keep() {
        kept += current;
        current = 0;
    }

    /** Records that the current file is downloaded again. */
    void restart() {
        current = 0;
    }

    void done() {
        log.info(
                "model {}: {} MB downloaded in {} s, all checksums match",
                model,
                megabytes(total),
                Math.round((System.nanoTime() - begin) / 1e9));
    }

    private static long megabytes(long bytes) {
        return Math.round(bytes / 1e6);
    }
}
