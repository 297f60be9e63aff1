package io.ruido.worker;

import io.ruido.job.Job;
import io.ruido.kafka.JobConsumer;
import io.ruido.redis.JobStore;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What Redis knows of jobs that no worker can do. */
final class Failures implements JobConsumer.Undeliverable {
    private static final Logger log = LoggerFactory.getLogger(Failures.class);

    private final JobStore store;
    private final Patience patience;
    private final Observer observer;

    Failures(JobStore store, Patience patience, Observer observer) {
        this.store = store;
        this.patience = patience;
        this.observer = observer;
    }

    @Override
    public int begun(Job job) {
        return patience.await(() -> store.begun(job));
    }

    @Override
    public void onUndeliverable(String jobId, String reason) {
        observer.gaveUp();
        try {
            UUID id = UUID.fromString(jobId);
            patience.await(() -> store.fail(id, reason));
        } catch (IllegalArgumentException | NullPointerException e) {
            log.warn("a record with the key {} belongs to no job: nobody is told that it failed", jobId);
        }
    }
}
