package io.ruido.gateway.jobs;

import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestTraces;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.job.JobStatus;
import io.ruido.s3.ResultStore;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code POST /v1/jobs}, with {@code Prefer: wait=N} of RFC 7240. */
public final class SubmitRoute {
    private static final Pattern WAIT = Pattern.compile("(?:^|[,;\\s])wait\\s*=\\s*\"?(\\d{1,9})");
    private static final Duration WAIT_AT_MOST = Duration.ofSeconds(60);

    private final SubmissionService submissions;
    private final JobWaiter waiter;
    private final ResultStore results;

    public SubmitRoute(SubmissionService submissions, JobWaiter waiter, ResultStore results) {
        this.submissions = submissions;
        this.waiter = waiter;
        this.results = results;
    }

    public Route route(RequestTraces traces) {
        return Route.of("submitJob", traces.traced(this::submit)).submittingJobs();
    }

    private void submit(RoutingContext ctx) {
        String key = RequestValidation.value(ctx, "Idempotency-Key");
        Reply.on(ctx, submissions.submit(RequestValidation.body(ctx), Caller.of(ctx), key, RequestTraces.of(ctx)))
                .compose(job -> answer(ctx, job))
                .onFailure(ctx::fail);
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
        return waiter.awaitOrShutdown(ctx, id, wait.get())
                .onSuccess(
                        status -> Reply.json(ctx, status.state().terminal() ? 200 : 202, JobView.of(status, results)))
                .mapEmpty();
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
