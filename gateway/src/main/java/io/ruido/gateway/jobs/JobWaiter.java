package io.ruido.gateway.jobs;

import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.GracefulShutdown;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.Reply;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.redis.EventStream;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.UUID;

/** Waits for the end of jobs, for requests that are answered when their job ends. */
public final class JobWaiter {
    private final Jobs jobs;
    private final EventStream events;
    private final GracefulShutdown shutdown;

    public JobWaiter(Jobs jobs, EventStream events, GracefulShutdown shutdown) {
        this.jobs = jobs;
        this.events = events;
        this.shutdown = shutdown;
    }

    /**
     * Waits as {@link #await} does, and also completes when the gateway shuts down, so that the client can ask another
     * one.
     */
    Future<JobStatus> awaitOrShutdown(RoutingContext ctx, UUID id, Duration atMost) {
        Promise<Void> over = Promise.promise();
        GracefulShutdown.Registration onShutdown =
                shutdown.onBegin(() -> ctx.vertx().runOnContext(begun -> over.tryComplete()));
        return await(ctx, id, atMost, over).onComplete(done -> onShutdown.remove());
    }

    /** Completes with the job's state when it ends, when the time is over, or when the client disconnects. */
    public Future<JobStatus> await(RoutingContext ctx, UUID id, Duration atMost) {
        return await(ctx, id, atMost, Promise.promise());
    }

    private Future<JobStatus> await(RoutingContext ctx, UUID id, Duration atMost, Promise<Void> over) {
        long timer = ctx.vertx().setTimer(Math.max(1, atMost.toMillis()), fired -> over.tryComplete());
        ctx.addEndHandler(ended -> over.tryComplete());
        EventStream.Watch watch = events.watch(id, 0, (event, json) -> {
            if (event.last()) {
                ctx.vertx().runOnContext(done -> over.tryComplete());
            }
        });
        return over.future()
                .onComplete(done -> {
                    ctx.vertx().cancelTimer(timer);
                    watch.close();
                })
                .compose(done -> Reply.on(ctx, jobs.find(Caller.of(ctx), id)));
    }

    /** Cancels a job whose client has disconnected; a finished job does not change. */
    void abandon(RoutingContext ctx, UUID id) {
        jobs.cancel(Caller.of(ctx), id).exceptionally(finished -> null);
    }

    /** Returns the problem of a job that has ended without images, or has not ended in time. */
    public static Problem without(UUID id, JobState state, String error) {
        return switch (state) {
            case FAILED -> Problem.of(Problem.Code.JOB_FAILED, "Job %s failed: %s".formatted(id, error));
            case CANCELLED -> Problem.of(Problem.Code.JOB_CANCELLED, "Job %s was cancelled.".formatted(id));
            case EXPIRED, QUEUED, ENCODING, SAMPLING, DECODING ->
                Problem.of(Problem.Code.JOB_TOO_LATE, "Job %s was not finished in time.".formatted(id));
            case SUCCEEDED -> throw new IllegalArgumentException("job " + id + " has its images");
        };
    }
}
