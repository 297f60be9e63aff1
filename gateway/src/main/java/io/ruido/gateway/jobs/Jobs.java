package io.ruido.gateway.jobs;

import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.kafka.JobConsumer;
import io.ruido.redis.ChangeResult;
import io.ruido.redis.JobStore;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** Recorded jobs. A stage fails with a {@link ProblemException} when what was asked for cannot be had. */
public final class Jobs {
    private static final Logger log = LoggerFactory.getLogger(Jobs.class);

    private final JobStore store;
    private final JobArchive archive;

    public Jobs(JobStore store, JobArchive archive) {
        this.store = store;
        this.archive = archive;
    }

    /** @param next to begin the following page with, or null at the end */
    public record Page(List<JobStatus> jobs, UUID next) {}

    /** Jobs that the caller may not see are not there for it. */
    public CompletionStage<JobStatus> find(Caller caller, UUID id) {
        return store.find(id).thenCompose(found -> found.filter(caller::sees)
                .map(CompletableFuture::completedStage)
                .orElseGet(() -> absent(id)));
    }

    /** The job as it is once it is cancelled. */
    public CompletionStage<JobStatus> cancel(Caller caller, UUID id) {
        return find(caller, id).thenCompose(seen -> store.cancel(id)).thenCompose(change -> switch (change) {
            case ChangeResult.Done done -> {
                archive.write(id).exceptionally(error -> {
                    try (var _ = MDC.putCloseable(JobConsumer.JOB_ID, id.toString())) {
                        log.warn("job {} is cancelled but not yet archived; it will be archived later", id, error);
                    }
                    return null;
                });
                yield find(caller, id);
            }
            case ChangeResult.Over(JobState state) ->
                throw new ProblemException(
                        Problem.of(Problem.Code.ALREADY_FINISHED, "Job %s is already %s.".formatted(id, state)));
            case ChangeResult.Lost lost -> throw new IllegalStateException("a whole job cannot be lost: " + id);
            case ChangeResult.Unknown none -> absent(id);
        });
    }

    /**
     * Newest first.
     *
     * @param before only jobs that are older than this one; null for the newest
     */
    public CompletionStage<Page> list(
            Caller caller, UUID before, int limit, Optional<JobState> state, Optional<String> model) {
        Optional<String> tenant = caller.admin() ? Optional.empty() : Optional.of(caller.tenant());
        return list(new JobStore.Filter(tenant, false, state, model), before, limit);
    }

    /** The newest of a caller's jobs that are not finished. */
    public CompletionStage<List<JobStatus>> live(Caller caller, int limit) {
        JobStore.Filter live =
                new JobStore.Filter(Optional.of(caller.tenant()), true, Optional.empty(), Optional.empty());
        return list(live, null, limit).thenApply(Page::jobs);
    }

    private CompletionStage<Page> list(JobStore.Filter filter, UUID before, int limit) {
        return store.list(filter, before, limit)
                .thenCompose(found -> read(found.ids()).thenApply(jobs -> new Page(jobs, found.next())));
    }

    /** Those that Redis has not forgotten; the others leave the list. */
    private CompletionStage<List<JobStatus>> read(List<UUID> ids) {
        CompletionStage<Stream<JobStatus>> all = CompletableFuture.completedStage(Stream.empty());
        for (UUID id : ids) {
            CompletionStage<Stream<JobStatus>> one = store.find(id).thenApply(found -> {
                if (found.isEmpty()) {
                    store.forget(id);
                }
                return found.stream();
            });
            all = all.thenCombine(one, Stream::concat);
        }
        return all.thenApply(Stream::toList);
    }

    private <T> CompletionStage<T> absent(UUID id) {
        return archive.has(id).thenApply(was -> {
            throw new ProblemException(
                    was
                            ? Problem.of(
                                    Problem.Code.GONE, "Job %s was deleted after its retention time.".formatted(id))
                            : Problem.of(Problem.Code.NOT_FOUND, "There is no job %s.".formatted(id)));
        });
    }
}
