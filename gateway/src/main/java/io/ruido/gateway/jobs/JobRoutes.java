package io.ruido.gateway.jobs;

import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.s3.ResultStore;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** Routes for reading, listing, cancelling and deleting jobs. */
public final class JobRoutes {
    private final Jobs jobs;
    private final ResultStore results;
    private final Executor blocking;

    public JobRoutes(Jobs jobs, ResultStore results, Executor blocking) {
        this.jobs = jobs;
        this.results = results;
        this.blocking = blocking;
    }

    public List<Route> routes() {
        return List.of(
                Route.of("listJobs", this::list),
                Route.of("getJob", this::get),
                Route.of("cancelJob", this::cancel),
                Route.of("deleteJob", this::delete),
                Route.of("deleteJobs", this::deleteAll));
    }

    private record ListView(List<JobView> jobs, UUID next) {}

    private void get(RoutingContext ctx) {
        reply(ctx, 200, jobs.find(Caller.of(ctx), RequestValidation.id(ctx)));
    }

    private void cancel(RoutingContext ctx) {
        reply(ctx, 202, jobs.cancel(Caller.of(ctx), RequestValidation.id(ctx)));
    }

    private void delete(RoutingContext ctx) {
        Reply.on(ctx, jobs.delete(Caller.of(ctx), RequestValidation.id(ctx)))
                .onSuccess(deleted -> ctx.response().setStatusCode(204).end())
                .onFailure(ctx::fail);
    }

    private void deleteAll(RoutingContext ctx) {
        JobState state = JobState.valueOf(RequestValidation.value(ctx, "state"));
        Optional<String> model = Optional.ofNullable(RequestValidation.value(ctx, "model"));
        Reply.on(ctx, jobs.deleteAll(Caller.of(ctx), state, model))
                .onSuccess(deleted -> Reply.json(ctx, 200, Map.of("deleted", deleted)))
                .onFailure(ctx::fail);
    }

    private void list(RoutingContext ctx) {
        String before = RequestValidation.value(ctx, "before");
        int limit = RequestValidation.value(ctx, "limit");
        Reply.on(
                        ctx,
                        jobs.list(
                                        Caller.of(ctx),
                                        before == null ? null : UUID.fromString(before),
                                        limit,
                                        Optional.ofNullable(RequestValidation.<String>value(ctx, "state"))
                                                .map(JobState::valueOf),
                                        Optional.ofNullable(RequestValidation.value(ctx, "model")))
                                // A page can have hundreds of URLs to sign.
                                .thenApplyAsync(this::view, blocking))
                .onSuccess(view -> Reply.json(ctx, 200, view))
                .onFailure(ctx::fail);
    }

    private ListView view(Jobs.Page page) {
        return new ListView(
                page.jobs().stream().map(status -> JobView.of(status, results)).toList(), page.next());
    }

    private void reply(RoutingContext ctx, int status, CompletionStage<JobStatus> job) {
        Reply.on(ctx, job)
                .onSuccess(found -> Reply.json(ctx, status, JobView.of(found, results)))
                .onFailure(ctx::fail);
    }
}
