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
 * What has to be done with jobs when its time comes, and no client or worker is there to do it: ending those whose
 * deadline has come, forgetting those that were kept long enough, and letting waiting ones through to workers that came.
 * Every gateway looks after all jobs.
 */
public final class Housekeeping {
    private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);
    private static final int AT_A_TIME = 100;

    private final JobStore store;
    private final JobArchive archive;
    private final DelayedQueue deadlines;
    private final DelayedQueue retention;
    private final ModelRegistry models;

    public Housekeeping(
            JobStore store, JobArchive archive, DelayedQueue deadlines, DelayedQueue retention, ModelRegistry models) {
        this.store = store;
        this.archive = archive;
        this.deadlines = deadlines;
        this.retention = retention;
        this.models = models;
    }

    /** Ends jobs whose deadline has come: their watchers and workers hear of it now. Never fails. */
    public CompletionStage<Void> expire() {
        return each(deadlines, id -> store.expire(id)
                .thenCompose(change -> archive.write(id))
                .thenCompose(written -> deadlines.done(id)));
    }

    /** Deletes the images of jobs that were kept long enough, and then what Redis knows of them. Never fails. */
    public CompletionStage<Void> forget() {
        return each(retention, id -> store.find(id)
                .thenCompose(found -> found.map(archive::close).orElse(CompletableFuture.completedStage(null)))
                .thenCompose(closed -> store.forget(id)));
    }

    /** Lets waiting jobs through where there is room. Never fails. */
    public CompletionStage<Void> admit() {
        return models.list()
                .thenCompose(cards -> CompletableFuture.allOf(cards.stream()
                        .map(card -> store.admit(card.name()).toCompletableFuture())
                        .toArray(CompletableFuture<?>[]::new)))
                .exceptionally(error -> {
                    log.atLevel(Problems.level(error))
                            .log("waiting jobs could not be looked after ({}); trying again", error.toString());
                    return null;
                });
    }

    /** Never fails. */
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
                            .log(
                                    "deadlines or retention could not be looked after ({}); trying again",
                                    error.toString());
                    return null;
                });
    }
}
