package io.ruido.gateway;

import io.ruido.job.Job;
import io.ruido.job.JobStatus;
import io.ruido.progress.EventStream;
import io.ruido.progress.Submitted;
import io.ruido.progress.Terms;
import io.ruido.storage.ResultStore;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code POST /v1/jobs}, with {@code Prefer: wait=N} of RFC 7240. */
final class SubmitRoute {
    private static final Pattern WAIT = Pattern.compile("(?:^|[,;\\s])wait\\s*=\\s*\"?(\\d{1,9})");
    private static final Duration WAIT_AT_MOST = Duration.ofSeconds(60);

    private final Submissions submissions;
    private final Submitter submitter;
    private final Jobs jobs;
    private final EventStream events;
    private final ResultStore results;

    SubmitRoute(Submissions submissions, Submitter submitter, Jobs jobs, EventStream events, ResultStore results) {
        this.submissions = submissions;
        this.submitter = submitter;
        this.jobs = jobs;
        this.events = events;
        this.results = results;
    }

    void submit(RoutingContext ctx) {
        String key = RequestValidation.value(ctx, "Idempotency-Key");
        Reply.on(
                        ctx,
                        submissions
                                .read(RequestValidation.body(ctx), Terms.DEFAULT_TENANT, key)
                                .thenCompose(asked -> submitter
                                        .submit(asked)
                                        .thenCompose(submitted -> accepted(asked.job(), submitted))))
                .compose(job -> answer(ctx, job))
                .onFailure(ctx::fail);
    }

    /** The new job, or the one that was submitted before under the same key. */
    private CompletionStage<JobStatus> accepted(Job job, Submitted submitted) {
        return switch (submitted) {
            case Submitted.Accepted(Instant expiresAt) ->
                CompletableFuture.completedStage(JobView.queued(job, expiresAt));
            case Submitted.Known(UUID id) -> jobs.find(id);
            case Submitted.KeyReused reused ->
                throw new ProblemException(Problem.of(
                        Problem.Code.IDEMPOTENCY_KEY_REUSED,
                        "This Idempotency-Key was used for another body; take a new one for a new job."));
        };
    }

    private Future<Void> answer(RoutingContext ctx, JobStatus job) {
        UUID id = job.job().jobId();
        ctx.response().putHeader(HttpHeaders.LOCATION, "/v1/jobs/" + id);
        Optional<Duration> wait = wait(RequestValidation.value(ctx, "Prefer"));
        if (wait.isEmpty()) {
            Reply.json(ctx, 202, JobView.of(job, results));
            return Future.succeededFuture();
        }
        ctx.response().putHeader("Preference-Applied", "wait=" + wait.get().toSeconds());
        return finished(ctx, id, wait.get())
                .compose(finished -> Reply.on(ctx, jobs.find(id)))
                .onSuccess(
                        status -> Reply.json(ctx, status.state().terminal() ? 200 : 202, JobView.of(status, results)))
                .mapEmpty();
    }

    /** Completes at the job's end, or when the time is over. */
    private Future<Void> finished(RoutingContext ctx, UUID job, Duration wait) {
        Promise<Void> over = Promise.promise();
        long timer = ctx.vertx().setTimer(Math.max(1, wait.toMillis()), id -> over.tryComplete());
        ctx.addEndHandler(ended -> over.tryComplete());
        EventStream.Watch watch = events.watch(job, 0, (event, json) -> {
            if (event.last()) {
                ctx.vertx().runOnContext(done -> over.tryComplete());
            }
        });
        return over.future().onComplete(done -> {
            ctx.vertx().cancelTimer(timer);
            watch.close();
        });
    }

    private static Optional<Duration> wait(String prefer) {
        Matcher matcher = WAIT.matcher(prefer == null ? "" : prefer);
        if (!matcher.find()) {
            return Optional.empty();
        }
        Duration asked = Duration.ofSeconds(Long.parseLong(matcher.group(1)));
        return Optional.of(asked.compareTo(WAIT_AT_MOST) < 0 ? asked : WAIT_AT_MOST);
    }
}
