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
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * The jobs in Redis and in the archive. Stages fail with a {@link ProblemException} that says why a request cannot be
 * answered.
 */
public final class Jobs {
    private static final Logger log = LoggerFactory.getLogger(Jobs.class);

    private static final int DELETED_AT_A_TIME = 100;

    private final JobStore store;
    private final JobArchive archive;

    public Jobs(JobStore store, JobArchive archive) {
        this.store = store;
        this.archive = archive;
    }

    /** @param next cursor of the following page, or null at the end */
    public record Page(List<JobStatus> jobs, UUID next) {}

    /** Finds a job. A job that the caller may not see is not found. */
    public CompletionStage<JobStatus> find(Caller caller, UUID id) {
        return find(id, caller::sees);
    }

    /** Finds a job for a caller who may see any job. */
    public CompletionStage<JobStatus> find(UUID id) {
        return find(id, job -> true);
    }

    private CompletionStage<JobStatus> find(UUID id, Predicate<JobStatus> visible) {
        return store.find(id).thenCompose(found -> found.filter(visible)
                .map(CompletableFuture::completedStage)
                .orElseGet(() -> absent(id)));
    }

    /** Cancels a job and returns its new status. */
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
            case ChangeResult.Finished(JobState state) ->
                throw new ProblemException(
                        Problem.of(Problem.Code.ALREADY_FINISHED, "Job %s is already %s.".formatted(id, state)));
            case ChangeResult.Lost lost -> throw new IllegalStateException("a whole job cannot be lost: " + id);
            case ChangeResult.Unknown none -> absent(id);
        });
    }

    /** Cancels a job unless it is finished, and deletes its images, its events and its record in the archive. */
    public CompletionStage<Void> delete(Caller caller, UUID id) {
        return store.find(id)
                .thenCompose(found -> found.filter(caller::sees).isPresent() ? delete(id) : deleteArchived(caller, id));
    }

    /** Deletes the images first: if that fails, the job still exists and can be deleted again. */
    private CompletionStage<Void> delete(UUID id) {
        return store.cancel(id).thenCompose(change -> store.find(id).thenCompose(found -> {
            boolean begun = found.isPresent() && found.get().startedAt() != null;
            boolean archived = begun || !(change instanceof ChangeResult.Done);
            return archive.deleteImages(found.stream().toList())
                    .thenCompose(deleted -> store.delete(id))
                    .thenCompose(deleted -> archived ? archive.delete(id) : CompletableFuture.completedStage(null));
        }));
    }

    private CompletionStage<Void> deleteArchived(Caller caller, UUID id) {
        return archive.find(id)
                .thenCompose(found -> found.filter(caller::sees).isPresent()
                        ? archive.deleteImages(found.stream().toList()).thenCompose(deleted -> archive.delete(id))
                        : absent(id));
    }

    /** Deletes the caller's own jobs in one state, the newest first, and returns their number. */
    public CompletionStage<Integer> deleteAll(Caller caller, JobState state, Optional<String> model) {
        JobStore.Filter own = new JobStore.Filter(Optional.of(caller.tenant()), false, Optional.of(state), model);
        return deleteAll(own, null, 0);
    }

    private CompletionStage<Integer> deleteAll(JobStore.Filter filter, UUID before, int deleted) {
        return store.list(filter, before, DELETED_AT_A_TIME).thenCompose(found -> CompletableFuture.allOf(
                        found.ids().stream()
                                .map(id -> delete(id).toCompletableFuture())
                                .toArray(CompletableFuture<?>[]::new))
                .thenCompose(done -> found.next() == null
                        ? CompletableFuture.completedStage(deleted + found.ids().size())
                        : deleteAll(filter, found.next(), deleted + found.ids().size())));
    }

    /**
     * Lists jobs, the newest first.
     *
     * @param before only jobs that are older than this one; null for the newest
     */
    public CompletionStage<Page> list(
            Caller caller, UUID before, int limit, Optional<JobState> state, Optional<String> model) {
        Optional<String> tenant = caller.admin() ? Optional.empty() : Optional.of(caller.tenant());
        return list(new JobStore.Filter(tenant, false, state, model), before, limit);
    }

    /** Returns the newest of the caller's unfinished jobs. */
    public CompletionStage<List<JobStatus>> live(Caller caller, int limit) {
        JobStore.Filter live =
                new JobStore.Filter(Optional.of(caller.tenant()), true, Optional.empty(), Optional.empty());
        return list(live, null, limit).thenApply(Page::jobs);
    }

    private CompletionStage<Page> list(JobStore.Filter filter, UUID before, int limit) {
        return store.list(filter, before, limit)
                .thenCompose(found -> read(found.ids()).thenApply(jobs -> new Page(jobs, found.next())));
    }

    /** Reads those of the jobs that Redis still has. */
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
