package io.ruido.gateway;

import io.ruido.job.JobStatus;
import io.ruido.progress.JobStore;
import io.ruido.storage.ResultStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.UUID;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps jobs that ended without a worker beside the images of the others. */
final class History {
    private static final Logger log = LoggerFactory.getLogger(History.class);

    private final JobStore store;
    private final ResultStore results;
    private final Executor blocking;

    History(JobStore store, ResultStore results, Executor blocking) {
        this.store = store;
        this.results = results;
        this.blocking = blocking;
    }

    /** In the background; Redis still knows the job when this fails. */
    void write(UUID id) {
        store.find(id)
                .thenAcceptAsync(found -> found.ifPresent(this::put), blocking)
                .exceptionally(error -> {
                    log.warn("job {} ended, but its job.json could not be stored", id, error);
                    return null;
                });
    }

    private void put(JobStatus status) {
        try {
            results.putStatus(status);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
