package io.ruido.worker;

import io.ruido.job.Job;
import io.ruido.kafka.JobConsumer;
import io.ruido.redis.JobStore;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Marks jobs in Redis as FAILED when their records go to the dead-letter topic. */
final class UndeliverableJobs implements JobConsumer.Undeliverable {
    private static final Logger log = LoggerFactory.getLogger(UndeliverableJobs.class);

    private final JobStore store;
    private final Retry retry;
    private final Observer observer;

    UndeliverableJobs(JobStore store, Retry retry, Observer observer) {
        this.store = store;
        this.retry = retry;
        this.observer = observer;
    }

    @Override
    public int begun(Job job) {
        return retry.await(() -> store.begun(job));
    }

    @Override
    public void onUndeliverable(String jobId, String reason) {
        observer.gaveUp();
        try {
            UUID id = UUID.fromString(jobId);
            retry.await(() -> store.fail(id, reason));
        } catch (IllegalArgumentException | NullPointerException e) {
            log.warn("a record with the key {} has no job id; no job is marked as failed", jobId);
        }
    }
}
