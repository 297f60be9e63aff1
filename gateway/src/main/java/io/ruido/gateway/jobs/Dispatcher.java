package io.ruido.gateway.jobs;

import io.opentelemetry.context.Context;
import io.ruido.gateway.http.Problems;
import io.ruido.job.Job;
import io.ruido.redis.DelayedQueue;
import io.ruido.redis.JobStore;
import io.ruido.telemetry.Trace;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes admitted jobs to Kafka. It also publishes jobs that Kafka may not have, because it was unavailable, a
 * gateway died, or no worker has touched them for a long time. A job that is published twice runs once.
 */
public final class Dispatcher {
    private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);
    private static final int AT_A_TIME = 100;

    private final JobStore store;
    private final JobEnqueuer submitter;
    private final DelayedQueue unpublished;

    public Dispatcher(JobStore store, JobEnqueuer submitter, DelayedQueue unpublished) {
        this.store = store;
        this.submitter = submitter;
        this.unpublished = unpublished;
    }

    /** Publishes the jobs that are due. Never fails: errors are logged, and the next run retries. */
    public CompletionStage<Void> run() {
        return unpublished
                .due(AT_A_TIME)
                .thenCompose(ids ->
                        ids.size() < AT_A_TIME ? publish(ids) : publish(ids).thenCompose(done -> run()))
                .exceptionally(error -> {
                    log.atLevel(Problems.level(error))
                            .log("cannot publish jobs ({}); retrying later", error.toString());
                    return null;
                });
    }

    private CompletionStage<Void> publish(List<UUID> ids) {
        return CompletableFuture.allOf(
                ids.stream().map(id -> publish(id).toCompletableFuture()).toArray(CompletableFuture<?>[]::new));
    }

    private CompletionStage<Void> publish(UUID id) {
        return store.find(id).thenCompose(found -> {
            if (found.isEmpty() || found.get().state().terminal()) {
                return unpublished.done(id);
            }
            Job job = found.get().job();
            Context trace = Trace.of(found.get().trace());
            return store.unattended(id)
                    .thenCompose(now -> now ? submitter.publish(job, trace) : CompletableFuture.completedStage(null));
        });
    }
}
