package io.ruido.gateway.jobs;

import io.opentelemetry.context.Context;
import io.ruido.gateway.access.Caller;
import io.ruido.gateway.access.Quota;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.job.JobStatus;
import io.ruido.redis.SubmitResult;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Submits jobs: reads the client's request, counts it in the quota, and enqueues the job. */
public final class SubmissionService {
    private final SubmissionReader submissions;
    private final JobEnqueuer submitter;
    private final Jobs jobs;
    private final Quota quota;

    public SubmissionService(SubmissionReader submissions, JobEnqueuer submitter, Jobs jobs, Quota quota) {
        this.submissions = submissions;
        this.submitter = submitter;
        this.jobs = jobs;
        this.quota = quota;
    }

    /**
     * Returns the new job, or the one that was submitted before with the same idempotency key.
     *
     * @param body a {@code Submission} of the contract, valid, with its defaults
     * @param idempotencyKey null when there is none
     * @param trace trace context of the request
     */
    public CompletionStage<JobStatus> submit(JsonObject body, Caller caller, String idempotencyKey, Context trace) {
        return submissions.read(body, caller.tenant(), idempotencyKey).thenCompose(asked -> quota.take(
                        caller, asked.job().images())
                .thenCompose(taken -> submitter.submit(asked, trace))
                .whenComplete((submitted, error) -> {
                    if (error == null && !(submitted instanceof SubmitResult.Accepted)) {
                        quota.giveBack(caller, asked.job().images());
                    }
                })
                .thenCompose(submitted -> accepted(asked, caller, submitted)));
    }

    private CompletionStage<JobStatus> accepted(Submission asked, Caller caller, SubmitResult submitted) {
        return switch (submitted) {
            case SubmitResult.Accepted accepted -> CompletableFuture.completedStage(JobView.queued(asked, accepted));
            case SubmitResult.Full(Duration retryAfter) -> throw new ProblemException(Problem.queueFull(retryAfter));
            case SubmitResult.Known(UUID id) -> jobs.find(caller, id);
            case SubmitResult.KeyReused reused ->
                throw new ProblemException(Problem.of(
                        Problem.Code.IDEMPOTENCY_KEY_REUSED,
                        "This Idempotency-Key was used with another body; use a new key for a new job."));
        };
    }
}
