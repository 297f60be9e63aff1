package io.ruido.gateway.jobs;

import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Problems;
import io.ruido.gateway.http.Refusals;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestTraces;
import io.ruido.gateway.http.SchemaCheck;
import io.ruido.job.Job;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Runs jobs whose clients wait for the images in the response, as the clients of the compatible interfaces do. They are
 * ordinary jobs, whose fields these clients know by other names.
 */
public final class SynchronousJobs {
    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    private final SchemaCheck contract;
    private final SubmissionService submissions;
    private final JobWaiter waiter;
    private final ImageRoute images;
    private final ResultUrls urls;

    /** @param contract checks a {@code Submission} */
    public SynchronousJobs(
            SchemaCheck contract, SubmissionService submissions, JobWaiter waiter, ImageRoute images, ResultUrls urls) {
        this.contract = contract;
        this.submissions = submissions;
        this.waiter = waiter;
        this.images = images;
        this.urls = urls;
    }

    /**
     * Submits a job. Fails with a {@link ProblemException} when it is refused.
     *
     * @param wanted a {@code Submission} of the contract; null values count as absent
     * @param names names that the client uses for the fields
     * @param origin interface of the request
     */
    public Future<Job> submit(RoutingContext ctx, JsonObject wanted, Map<String, String> names, String origin) {
        JsonObject submission = wanted.copy();
        submission.getMap().values().removeIf(Objects::isNull);
        Refusals refused = contract.check("body", submission);
        if (!refused.isEmpty()) {
            return Future.failedFuture(new ProblemException(refused.problem().renamed(names)));
        }
        contract.putDefaults(submission);
        submission.put("origin", origin);
        String key = ctx.request().getHeader("Idempotency-Key");
        return Reply.on(ctx, submissions.submit(submission, Caller.of(ctx), key, RequestTraces.of(ctx)))
                .map(JobStatus::job)
                .recover(error -> Future.failedFuture(
                        new ProblemException(Problems.of(error).renamed(names), error)));
    }

    /**
     * Completes with the job when all its images are ready. Fails with a {@link ProblemException} when it ends without
     * them.
     */
    public Future<JobStatus> finished(RoutingContext ctx, Job job) {
        if (ctx.response().closed()) {
            waiter.abandon(ctx, job.jobId());
            return Future.failedFuture(new ClosedChannelException());
        }
        ctx.addEndHandler(answered -> {
            if (answered.failed()) {
                waiter.abandon(ctx, job.jobId());
            }
        });
        return waiter.await(ctx, job.jobId(), TIMEOUT).compose(status -> {
            if (status.state() == JobState.SUCCEEDED) {
                return Future.succeededFuture(status);
            }
            waiter.abandon(ctx, job.jobId());
            return Future.failedFuture(
                    new ProblemException(JobWaiter.without(job.jobId(), status.state(), status.error())));
        });
    }

    /** Returns the files of a finished job's images in base64. */
    public Future<List<String>> base64(RoutingContext ctx, JobStatus finished) {
        return Future.all(finished.images().stream()
                        .map(image -> Reply.on(ctx, images.read(image).thenApply(bytes -> Base64.getEncoder()
                                .encodeToString(bytes))))
                        .toList())
                .map(all -> all.list());
    }

    /** Returns URLs of a finished job's images, which anybody can fetch temporarily. */
    public Future<List<String>> urls(RoutingContext ctx, JobStatus finished) {
        return urls.of(ctx, finished);
    }
}
