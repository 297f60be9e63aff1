package io.ruido.gateway;

import static org.awaitility.Awaitility.await;

import io.ruido.job.Artifact;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.SampleId;
import io.ruido.redis.ChangeResult;
import io.ruido.redis.ClaimResult;
import io.ruido.redis.JobStore;
import io.ruido.s3.ResultStore;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** Plays a worker: everything that one does to a job, but the denoising. */
public final class Worker {
    public static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 1, 2, 3};

    private final JobStore store;
    private final ResultStore results;

    public Worker(JobStore store, ResultStore results) {
        this.store = store;
        this.results = results;
    }

    public JobStatus status(UUID id) {
        return done(store.find(id)).orElseThrow();
    }

    /** The newest job, once there is one with this prompt. */
    public UUID newest(String prompt) {
        return await().until(() -> newestOrNull(prompt), id -> id != null);
    }

    private UUID newestOrNull(String prompt) {
        return done(store.list(Optional.empty(), null, 100)).stream()
                .filter(id -> done(store.find(id))
                        .map(status -> status.job().prompt())
                        .equals(Optional.of(prompt)))
                .findFirst()
                .orElse(null);
    }

    /** Takes a queued job to its end. */
    public void finish(UUID id) throws IOException {
        JobStatus status = status(id);
        done(store.encode(id));
        for (JobStatus.Image image : status.images()) {
            sample(new SampleId(id, image.index()), status.job().params().steps(), "");
        }
    }

    /** Takes one image from the queue to its result. */
    public void sample(SampleId sample, int steps, String preview) throws IOException {
        int attempt = claim(sample);
        for (int step = 1; step <= steps; step++) {
            step(sample, attempt, step, steps, preview);
        }
        store(sample, attempt, new Artifact(PNG, "image/png", "png"));
    }

    /** Stores the result of an image that is being sampled. */
    public void store(SampleId sample, int attempt, Artifact result) throws IOException {
        done(store.decode(sample, attempt));
        done(store.succeed(sample, attempt, results.putResult(sample, result), result.mediaType()));
    }

    /** Stores a clip that is being sampled, and its thumbnail. */
    public void storeClip(SampleId sample, int attempt, byte[] mp4) throws IOException {
        results.putResult(sample, Artifact.thumbnail(PNG));
        store(sample, attempt, new Artifact(mp4, "video/mp4", "mp4"));
    }

    /** Ends a job as one that a fault has stopped. */
    public ChangeResult fail(UUID id, String reason) {
        return done(store.fail(id, reason));
    }

    public int claim(SampleId sample) {
        return ((ClaimResult.Granted) done(store.claim(sample, "test"))).attempt();
    }

    /** Why an image is not to be run. */
    public JobState tryClaim(SampleId sample) {
        return ((ClaimResult.Finished) done(store.claim(sample, "test"))).state();
    }

    /** What lies in the bucket. */
    public Optional<byte[]> stored(String key) throws IOException {
        return results.get(key);
    }

    public ChangeResult step(SampleId sample, int attempt, int step, int steps, String preview) {
        return done(store.step(sample, attempt, step, steps, preview));
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }
}
