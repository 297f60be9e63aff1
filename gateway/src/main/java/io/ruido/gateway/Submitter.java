package io.ruido.gateway;

import io.micrometer.core.instrument.MeterRegistry;
import io.ruido.job.Job;
import io.ruido.job.PromptJob;
import io.ruido.progress.JobStore;
import io.ruido.queue.JobPublisher;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts a job: first Redis knows it, then Kafka has it. What dies between the two is published by the
 * {@link Republisher}.
 */
final class Submitter {
    private static final Logger log = LoggerFactory.getLogger(Submitter.class);

    private final JobStore store;
    private final JobPublisher publisher;
    private final History history;
    private final MeterRegistry metrics;
    private final Executor blocking;

    /** @param blocking where a call may block */
    Submitter(JobStore store, JobPublisher publisher, History history, MeterRegistry metrics, Executor blocking) {
        this.store = store;
        this.publisher = publisher;
        this.history = history;
        this.metrics = metrics;
        this.blocking = blocking;
    }

    /** Completes when the job will be run whatever happens to this gateway. */
    CompletionStage<Void> submit(Job job) {
        return store.submit(job)
                .thenCompose(isNew -> publish(job))
                .thenRun(() -> count(job))
                .whenComplete((accepted, error) -> {
                    if (error != null) {
                        giveUp(job.jobId(), error);
                    }
                });
    }

    /** Puts a recorded job on its queue. */
    CompletionStage<Void> publish(Job job) {
        return CompletableFuture.supplyAsync(() -> publisher.publish(job), blocking)
                .thenCompose(Function.identity())
                .thenRun(() -> store.published(job.jobId()).exceptionally(error -> {
                    log.warn("job {} was published, but Redis does not know; it will be published again", job.jobId());
                    return null;
                }));
    }

    // The record may have reached Kafka all the same: a worker that finds the job failed leaves it alone.
    private void giveUp(UUID id, Throwable cause) {
        log.warn("job {} was not accepted ({}); it will be recorded as failed", id, cause.toString());
        store.fail(id, "it could not be queued")
                .thenCompose(change -> store.published(id))
                .thenRun(() -> history.write(id))
                .exceptionally(error -> {
                    log.warn("job {} could not be recorded as failed ({}); it may run later", id, error.toString());
                    return null;
                });
    }

    private void count(Job job) {
        metrics.counter(
                        "ruido.jobs.accepted",
                        "model",
                        job.params().model(),
                        "type",
                        job instanceof PromptJob ? "prompt" : "sampling",
                        "priority",
                        job.priority().label())
                .increment();
    }
}
