package io.ruido.gateway.jobs;

import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Problems;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestTraces;
import io.ruido.gateway.http.SchemaCheck;
import io.ruido.job.Job;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.Output;
import io.ruido.job.SampleId;
import io.ruido.s3.ResultStore;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Jobs whose clients wait for the images, as those of the compatible interfaces do: the same jobs as everybody's, by
 * other names.
 */
public final class SynchronousJobs {
    private static final Duration AT_MOST = Duration.ofMinutes(10);

    private final SchemaCheck contract;
    private final SubmissionService submissions;
    private final JobWaiter waiter;
    private final ImageRoute images;
    private final ResultStore results;

    /** @param contract of {@code Submission} */
    public SynchronousJobs(
            SchemaCheck contract,
            SubmissionService submissions,
            JobWaiter waiter,
            ImageRoute images,
            ResultStore results) {
        this.contract = contract;
        this.submissions = submissions;
        this.waiter = waiter;
        this.images = images;
        this.results = results;
    }

    /**
     * Fails with a {@link ProblemException} when the job is refused.
     *
     * @param wanted a {@code Submission} of the contract; a null is a field that was not given
     * @param names by which the client knows the fields
     */
    public Future<Job> submit(RoutingContext ctx, JsonObject wanted, Map<String, String> names) {
        JsonObject submission = wanted.copy();
        submission.getMap().values().removeIf(Objects::isNull);
        Collection<Problem.Field> refused = contract.check("body", submission);
        if (!refused.isEmpty()) {
            return Future.failedFuture(
                    new ProblemException(Problem.invalid(List.copyOf(refused)).renamed(names)));
        }
        contract.putDefaults(submission);
        return Reply.on(ctx, submissions.submit(submission, Caller.of(ctx), null, RequestTraces.of(ctx)))
                .map(JobStatus::job)
                .recover(error -> Future.failedFuture(
                        new ProblemException(Problems.of(error).renamed(names), error)));
    }

    /** Completes when all images can be had; fails with a {@link ProblemException} when they will not be. */
    public Future<Void> finished(RoutingContext ctx, Job job) {
        if (ctx.response().closed()) {
            waiter.abandon(ctx, job.jobId());
            return Future.failedFuture(new ClosedChannelException());
        }
        ctx.addEndHandler(answered -> {
            if (answered.failed()) {
                waiter.abandon(ctx, job.jobId());
            }
        });
        return waiter.await(ctx, job.jobId(), AT_MOST).compose(status -> {
            if (status.state() == JobState.SUCCEEDED) {
                return Future.succeededFuture();
            }
            waiter.abandon(ctx, job.jobId());
            return Future.failedFuture(
                    new ProblemException(JobWaiter.without(job.jobId(), status.state(), status.error())));
        });
    }

    /** The PNGs of a finished job. */
    public Future<List<String>> base64(RoutingContext ctx, Job job) {
        return Future.all(samples(job)
                        .map(sample -> Reply.on(ctx, images.read(sample).thenApply(png -> Base64.getEncoder()
                                .encodeToString(png.orElseThrow()))))
                        .toList())
                .map(all -> all.list());
    }

    /** Where the PNGs of a finished job can be fetched for a while, by anybody. */
    public List<String> urls(Job job) {
        Output.Format format = job.params().output().format();
        return samples(job)
                .map(sample -> results.presignedUrl(ResultStore.key(sample, format)).toString())
                .toList();
    }

    private static Stream<SampleId> samples(Job job) {
        return IntStream.range(0, job.images()).mapToObj(index -> new SampleId(job.jobId(), index));
    }
}
