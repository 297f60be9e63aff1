package io.ruido.gateway.jobs;

import io.ruido.cache.LruCache;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.job.Artifact;
import io.ruido.job.JobStatus;
import io.ruido.redis.JobStore;
import io.ruido.s3.ResultStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The finished jobs in the object store. Their images are kept for the retention time, and their records forever. */
public final class JobArchive {
    /** The maximum number of concurrent lookups: clients that guess ids must not overload the object store. */
    private static final int LOOK_UPS = 16;

    private static final int MAX_ANSWERS = 10_000;

    private final Semaphore lookUps = new Semaphore(LOOK_UPS);

    private final Map<UUID, Boolean> existed = LruCache.ofMaxEntries(MAX_ANSWERS);

    private final JobStore store;
    private final ResultStore results;
    private final Duration retention;
    private final InstantSource clock;
    private final Executor blocking;

    /** @param retention how long a finished job is kept */
    public JobArchive(JobStore store, ResultStore results, Duration retention, InstantSource clock, Executor blocking) {
        this.store = store;
        this.results = results;
        this.retention = retention;
        this.clock = clock;
        this.blocking = blocking;
    }

    /** Writes the record of a job that ended without a worker. */
    public CompletionStage<Void> write(UUID id) {
        return store.find(id).thenAcceptAsync(found -> found.ifPresent(this::put), blocking);
    }

    /** Writes the record of a job and deletes its images. */
    public CompletionStage<Void> close(JobStatus status) {
        return CompletableFuture.runAsync(() -> put(status), blocking)
                .thenCompose(written -> deleteImages(List.of(status)));
    }

    /** Deletes the images of jobs. */
    CompletionStage<Void> deleteImages(List<JobStatus> jobs) {
        return CompletableFuture.runAsync(
                () -> jobs.stream().flatMap(JobArchive::keys).forEach(this::delete), blocking);
    }

    /** Returns the object keys of a job's images; each clip also has a thumbnail. */
    private static Stream<String> keys(JobStatus job) {
        boolean clips = job.job().params().geometry().isClip();
        return job.images().stream()
                .map(JobStatus.Image::key)
                .filter(Objects::nonNull)
                .flatMap(key -> clips ? Stream.of(key, Artifact.thumbnailKey(key)) : Stream.of(key));
    }

    /** Deletes the record of a job. */
    CompletionStage<Void> delete(UUID id) {
        return CompletableFuture.runAsync(() -> delete(ResultStore.statusKey(id)), blocking)
                .thenAccept(deleted -> existed.remove(id));
    }

    /** Finds the record of a finished job, whether Redis still has the job or not. */
    CompletionStage<Optional<JobStatus>> find(UUID id) {
        return limited(() -> read(id));
    }

    /**
     * Returns whether the archive has a job that Redis has deleted. The archive is not read if the id is too new for
     * that.
     */
    public CompletionStage<Boolean> has(UUID id) {
        Instant forgottenUntil = clock.instant().minus(retention);
        return id.version() != 7 || submittedAt(id).isAfter(forgottenUntil)
                ? CompletableFuture.completedStage(false)
                : lookedUp(id);
    }

    /** Looks the job up in the archive once, because the answer changes only when the job is deleted. */
    private CompletionStage<Boolean> lookedUp(UUID id) {
        Boolean known = existed.get(id);
        if (known != null) {
            return CompletableFuture.completedStage(known);
        }
        return limited(() -> read(id).isPresent()).thenApply(was -> {
            existed.put(id, was);
            return was;
        });
    }

    private <T> CompletionStage<T> limited(Supplier<T> lookUp) {
        if (!lookUps.tryAcquire()) {
            return CompletableFuture.failedStage(new ProblemException(
                    Problem.of(Problem.Code.UNAVAILABLE, "Too many archive lookups are running; try again later.")));
        }
        return CompletableFuture.supplyAsync(lookUp, blocking).whenComplete((found, error) -> lookUps.release());
    }

    /** The upper 48 bits of a UUIDv7 (RFC 9562) are milliseconds since 1970. */
    private static Instant submittedAt(UUID id) {
        return Instant.ofEpochMilli(id.getMostSignificantBits() >>> 16);
    }

    private Optional<JobStatus> read(UUID id) {
        try {
            return results.status(id);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void put(JobStatus status) {
        try {
            results.putStatus(status);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void delete(String key) {
        try {
            results.delete(key);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
