package io.ruido.gateway;

import io.ruido.job.Job;
import io.ruido.progress.EventStream;
import io.ruido.storage.ResultStore;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Optional;
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
        Reply.on(ctx, submissions.read(RequestValidation.body(ctx)).thenCompose(job -> submitter
                        .submit(job)
                        .thenApply(accepted -> job)))
                .compose(job -> answer(ctx, job))
                .onFailure(ctx::fail);
    }

    private Future<Void> answer(RoutingContext ctx, Job job) {
        ctx.response().putHeader(HttpHeaders.LOCATION, "/v1/jobs/" + job.jobId());
        Optional<Duration> wait = wait(RequestValidation.value(ctx, "Prefer"));
        if (wait.isEmpty()) {
            Reply.json(ctx, 202, JobView.accepted(job, results));
            return Future.succeededFuture();
        }
        ctx.response().putHeader("Preference-Applied", "wait=" + wait.get().toSeconds());
        return finished(ctx, job, wait.get())
                .compose(finished -> Reply.on(ctx, jobs.find(job.jobId())))
                .onSuccess(
                        status -> Reply.json(ctx, status.state().terminal() ? 200 : 202, JobView.of(status, results)))
                .mapEmpty();
    }

    /** Completes at the job's end, or when the time is over. */
    private Future<Void> finished(RoutingContext ctx, Job job, Duration wait) {
        Promise<Void> over = Promise.promise();
        long timer = ctx.vertx().setTimer(Math.max(1, wait.toMillis()), id -> over.tryComplete());
        ctx.addEndHandler(ended -> over.tryComplete());
        EventStream.Watch watch = events.watch(job.jobId(), 0, (event, json) -> {
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
