package io.ruido.worker;

import io.ruido.job.Artifact;
import io.ruido.job.JobStatus;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingJob;
import io.ruido.redis.ChangeResult;
import io.ruido.redis.JobStore;
import io.ruido.s3.ResultStore;
import io.ruido.worker.models.Model;
import io.ruido.worker.models.Models;
import java.util.Optional;

/** Decodes finished latents, stores the result, and only then records that the image has succeeded. */
final class Finisher {
    private final JobStore store;
    private final ResultStore results;
    private final Models models;
    private final Retry retry;
    private final Observer observer;

    Finisher(JobStore store, ResultStore results, Models models, Retry retry, Observer observer) {
        this.store = store;
        this.results = results;
        this.models = models;
        this.retry = retry;
        this.observer = observer;
    }

    /** Finishes an image; returns whether this attempt made its result. */
    boolean finish(SamplingJob job, int attempt, float[] latents) {
        if (!(retry.await(() -> store.decode(job.id(), attempt)) instanceof ChangeResult.Done)) {
            return false;
        }
        Model model = models.get(job.params().model());
        String name = model.card().name();
        Model.Result result = observer.stage(Stage.DECODING, name, () -> model.result(latents, job));
        Artifact artifact = result.artifact();
        String key = observer.stage(
                Stage.UPLOADING,
                name,
                () -> retry.call(() -> {
                    if (result.thumbnail().isPresent()) {
                        results.putResult(job.id(), result.thumbnail().get());
                    }
                    return results.putResult(job.id(), artifact);
                }));
        boolean succeeded = retry.await(() -> store.succeed(job.id(), attempt, key, artifact.mediaType()))
                instanceof ChangeResult.Done;
        Optional<JobStatus> status = retry.await(() -> store.find(job.jobId()));
        archiveIfTerminal(status);
        if (unwanted(status, job.id())) {
            retry.call(() -> {
                results.delete(key);
                results.delete(Artifact.thumbnailKey(key));
                return null;
            });
        }
        return succeeded;
    }

    private void archiveIfTerminal(Optional<JobStatus> status) {
        if (status.isPresent() && status.get().state().terminal()) {
            retry.call(() -> {
                results.putStatus(status.get());
                return null;
            });
        }
    }

    /**
     * Returns whether the job was cancelled, expired or deleted while the image was stored, so that nobody can find the
     * image.
     */
    private static boolean unwanted(Optional<JobStatus> status, SampleId sample) {
        return status.map(job -> job.state().terminal()
                        && job.images().get(sample.index()).key() == null)
                .orElse(true);
    }
}
