package io.ruido.gateway;

import io.ruido.job.JobStatus;
import io.ruido.progress.Submitted;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** From what a client asked for to a job that will be run. A stage fails with the reason of a refusal. */
final class Intake {
    private final Submissions submissions;
    private final Submitter submitter;
    private final Jobs jobs;

    Intake(Submissions submissions, Submitter submitter, Jobs jobs) {
        this.submissions = submissions;
        this.submitter = submitter;
        this.jobs = jobs;
    }

    /**
     * The new job, or the one that was submitted before under the same key.
     *
     * @param body a {@code Submission} of the contract, valid, with its defaults
     * @param idempotencyKey null when there is none
     */
    CompletionStage<JobStatus> submit(JsonObject body, String tenant, String idempotencyKey) {
        return submissions
                .read(body, tenant, idempotencyKey)
                .thenCompose(asked -> submitter.submit(asked).thenCompose(submitted -> accepted(asked, submitted)));
    }

    private CompletionStage<JobStatus> accepted(Submission asked, Submitted submitted) {
        return switch (submitted) {
            case Submitted.Accepted accepted -> CompletableFuture.completedStage(JobView.queued(asked, accepted));
            case Submitted.Full(Duration retryAfter) -> throw new ProblemException(Problem.queueFull(retryAfter));
            case Submitted.Known(UUID id) -> jobs.find(id);
            case Submitted.KeyReused reused ->
                throw new ProblemException(Problem.of(
                        Problem.Code.IDEMPOTENCY_KEY_REUSED,
                        "This Idempotency-Key was used for another body; take a new one for a new job."));
        };
    }
}
