package io.ruido.gateway.jobs;

import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import io.ruido.gateway.http.Problems;
import io.ruido.job.Job;
import io.ruido.job.PromptJob;
import io.ruido.kafka.JobConsumer;
import io.ruido.kafka.JobPublisher;
import io.ruido.redis.JobStore;
import io.ruido.redis.SubmitResult;
import io.ruido.telemetry.Metric;
import io.ruido.telemetry.Trace;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Accepts jobs: a job that is in Redis will be run. If it is its turn, it is also published at once. If that fails, or
 * this gateway dies first, the {@link Dispatcher} of any gateway publishes it.
 */
public final class JobEnqueuer {
    private static final Logger log = LoggerFactory.getLogger(JobEnqueuer.class);

    private final JobStore store;
    private final JobPublisher publisher;
    private final MeterRegistry metrics;
    private final Executor blocking;

    /** @param blocking executor for calls that block */
    public JobEnqueuer(JobStore store, JobPublisher publisher, MeterRegistry metrics, Executor blocking) {
        this.store = store;
        this.publisher = publisher;
        this.metrics = metrics;
        this.blocking = blocking;
    }

    /**
     * Submits a job. When the stage completes, the job will be run whatever happens to this gateway.
     *
     * @param trace trace context of the request
     */
    public CompletionStage<SubmitResult> submit(Submission submission, Context trace) {
        Job job = submission.job();
        return store.submit(job, submission.options(), Trace.parent(trace)).thenApply(submitted -> {
            if (submitted instanceof SubmitResult.Accepted accepted) {
                count(job);
                Span.fromContext(trace).setAttribute("ruido.job.id", job.jobId().toString());
                if (accepted.position() == null) {
                    publish(job, trace);
                }
            }
            return submitted;
        });
    }

    /** Publishes a job to its Kafka topic. Never fails: on an error the job is marked, and published later. */
    public CompletionStage<Void> publish(Job job, Context trace) {
        return CompletableFuture.supplyAsync(trace.wrapSupplier(() -> publisher.publish(job)), blocking)
                .thenCompose(Function.identity())
                .thenCompose(sent -> store.published(job.jobId()))
                .<Void>thenApply(noted -> null)
                .exceptionally(error -> {
                    try (var _ =
                            MDC.putCloseable(JobConsumer.JOB_ID, job.jobId().toString())) {
                        log.atLevel(Problems.level(error))
                                .log("cannot publish job {} ({}); retrying later", job.jobId(), error.toString());
                    }
                    return null;
                });
    }

    private void count(Job job) {
        metrics.counter(
                        Metric.JOBS_ACCEPTED.meter(),
                        "model",
                        job.params().model(),
                        "type",
                        job instanceof PromptJob ? "prompt" : "sampling",
                        "priority",
                        job.priority().label())
                .increment();
    }
}
