package io.ruido.gateway.jobs;

import io.ruido.gateway.http.Problems;
import io.ruido.redis.DelayedQueue;
import io.ruido.redis.JobStore;
import io.ruido.redis.ModelRegistry;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work on jobs that no client or worker triggers: expiring jobs after their deadline, trimming the events of finished
 * jobs, deleting jobs after their retention time, and admitting waiting jobs when workers have room. Every gateway does
 * this for all jobs.
 */
public final class Housekeeping {
    private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);
    private static final int AT_A_TIME = 100;

    private final JobStore store;
    private final JobArchive archive;
    private final DelayedQueue deadlines;
    private final DelayedQueue trims;
    private final DelayedQueue retention;
    private final ModelRegistry models;

    public Housekeeping(
            JobStore store,
            JobArchive archive,
            DelayedQueue deadlines,
            DelayedQueue trims,
            DelayedQueue retention,
            ModelRegistry models) {
        this.store = store;
        this.archive = archive;
        this.deadlines = deadlines;
        this.trims = trims;
        this.retention = retention;
        this.models = models;
    }

    /** Expires jobs whose deadline has passed, and notifies their watchers and workers. Never fails. */
    public CompletionStage<Void> expire() {
        return each(deadlines, id -> store.expire(id)
                .thenCompose(change -> archive.write(id))
                .thenCompose(written -> deadlines.done(id)));
    }

    /** Trims the events of jobs that ended some time ago. Never fails. */
    public CompletionStage<Void> trim() {
        return each(trims, store::trim);
    }

    /** Deletes jobs after their retention time: first their images, then their keys in Redis. Never fails. */
    public CompletionStage<Void> forget() {
        return each(retention, id -> store.find(id)
                .thenCompose(found -> found.map(archive::close).orElse(CompletableFuture.completedStage(null)))
                .thenCompose(closed -> store.forget(id)));
    }

    /** Admits waiting jobs to Kafka while workers have room. Never fails. */
    public CompletionStage<Void> admit() {
        return models.list()
                .thenCompose(cards -> CompletableFuture.allOf(cards.stream()
                        .map(card -> store.admit(card.name()).toCompletableFuture())
                        .toArray(CompletableFuture<?>[]::new)))
                .exceptionally(error -> {
                    log.atLevel(Problems.level(error))
                            .log("cannot admit waiting jobs ({}); retrying", error.toString());
                    return null;
                });
    }

    /** Runs a task for all due ids. Never fails: errors are logged, and the ids become due again. */
    public static CompletionStage<Void> each(DelayedQueue agenda, Function<UUID, CompletionStage<Void>> task) {
        return agenda.due(AT_A_TIME)
                .thenCompose(ids -> {
                    CompletionStage<Void> all = CompletableFuture.allOf(ids.stream()
                            .map(id -> task.apply(id).toCompletableFuture())
                            .toArray(CompletableFuture<?>[]::new));
                    return ids.size() < AT_A_TIME ? all : all.thenCompose(done -> each(agenda, task));
                })
                .exceptionally(error -> {
                    log.atLevel(Problems.level(error))
                            .log("cannot process deadlines, events or retention ({}); retrying", error.toString());
                    return null;
                });
    }
}
