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
 * Accepts a job: once Redis knows it, it will be run. If it is its turn it is also published at once; where that fails,
 * or this gateway dies before, the {@link Dispatcher} of any gateway does it.
 */
public final class JobEnqueuer {
    private static final Logger log = LoggerFactory.getLogger(JobEnqueuer.class);

    private final JobStore store;
    private final JobPublisher publisher;
    private final MeterRegistry metrics;
    private final Executor blocking;

    /** @param blocking where a call may block */
    public JobEnqueuer(JobStore store, JobPublisher publisher, MeterRegistry metrics, Executor blocking) {
        this.store = store;
        this.publisher = publisher;
        this.metrics = metrics;
        this.blocking = blocking;
    }

    /**
     * Completes when the job will be run whatever happens to this gateway.
     *
     * @param trace to which it belongs
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

    /** Puts a job on its Kafka queue. Never fails: what could not be done is noted, and done later. */
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
