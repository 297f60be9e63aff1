package io.ruido.gateway.events;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.ruido.gateway.access.ApiKeys;
import io.ruido.gateway.access.Caller;
import io.ruido.gateway.access.Quota;
import io.ruido.gateway.http.GracefulShutdown;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.gateway.http.SchemaCheck;
import io.ruido.gateway.jobs.Jobs;
import io.ruido.job.JobStatus;
import io.ruido.redis.EventStream;
import io.ruido.telemetry.Metric;
import io.vertx.core.Context;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.streams.WriteStream;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Routes for watching jobs by server-sent events and WebSockets, all with the same numbered events. */
public final class EventRoutes {
    private static final Duration HEARTBEAT = Duration.ofSeconds(15);
    private static final short NORMAL_CLOSURE = 1000;
    private static final short POLICY_VIOLATION = 1008;

    /** The client should reconnect: another gateway continues with the next event. */
    private static final short SERVICE_RESTART = 1012;

    private final Jobs jobs;
    private final EventStream events;
    private final SchemaCheck commands;
    private final Quota quota;
    private final ApiKeys keys;
    private final GracefulShutdown shutdown;
    private final AtomicInteger streams;
    private final AtomicInteger sockets;

    /** @param commands checks the commands of the WebSocket for many jobs */
    public EventRoutes(
            Jobs jobs,
            EventStream events,
            SchemaCheck commands,
            Quota quota,
            ApiKeys keys,
            MeterRegistry metrics,
            GracefulShutdown shutdown) {
        this.jobs = jobs;
        this.events = events;
        this.commands = commands;
        this.quota = quota;
        this.keys = keys;
        this.shutdown = shutdown;
        this.streams = watchers(metrics, "sse");
        this.sockets = watchers(metrics, "websocket");
    }

    public List<Route> routes() {
        return List.of(
                Route.of("streamEvents", this::stream),
                Route.of("watchJob", this::watch),
                Route.of("watchJobs", this::watchMany));
    }

    private static AtomicInteger watchers(MeterRegistry metrics, String protocol) {
        return metrics.gauge(Metric.WATCHERS.meter(), Tags.of("protocol", protocol), new AtomicInteger());
    }

    /** {@code GET /v1/jobs/{id}/events} */
    private void stream(RoutingContext ctx) {
        Integer last = RequestValidation.value(ctx, "Last-Event-ID");
        // A browser's EventSource sends the header only when it reconnects.
        Integer seen = last == null ? RequestValidation.value(ctx, "after") : last;
        Reply.on(ctx, jobs.find(Caller.of(ctx), RequestValidation.id(ctx)))
                .onSuccess(job -> stream(ctx, job, seen == null ? 0 : seen))
                .onFailure(ctx::fail);
    }

    private void stream(RoutingContext ctx, JobStatus job, long seen) {
        HttpServerResponse response = ctx.response();
        if (Feed.none(job, seen)) {
            // Only 204 stops a browser's EventSource from reconnecting.
            response.setStatusCode(204).end();
            return;
        }
        if (response.closed()) {
            return;
        }
        ServerSentEvents.open(ctx);
        Feed feed = feed(job, seen, ctx.vertx().getOrCreateContext(), response, (event, json) -> {
            response.write("id: " + event.number() + "\ndata: " + json + "\n\n");
            if (event.last()) {
                response.end();
            }
        });
        streams.incrementAndGet();
        GracefulShutdown.Registration onShutdown = shutdown.onBegin(response::end);
        GracefulShutdown.Registration access = keys.onRevoked(Caller.of(ctx), response::end);
        ctx.addEndHandler(ended -> {
            onShutdown.remove();
            access.remove();
            streams.decrementAndGet();
            feed.close();
        });
        response.drainHandler(drained -> feed.resume());
        feed.resume();
    }

    /** {@code GET /v1/jobs/{id}/ws} */
    private void watch(RoutingContext ctx) {
        requireUpgrade(ctx);
        // A request that has been read cannot become a WebSocket.
        ctx.request().pause();
        int seen = RequestValidation.<Integer>value(ctx, "after");
        Reply.on(ctx, jobs.find(Caller.of(ctx), RequestValidation.id(ctx)))
                .compose(job -> ctx.request().toWebSocket().onSuccess(socket -> watch(ctx, socket, job, seen)))
                .onFailure(ctx::fail);
    }

    private void watch(RoutingContext ctx, ServerWebSocket socket, JobStatus job, long seen) {
        if (Feed.none(job, seen)) {
            socket.close(NORMAL_CLOSURE);
            return;
        }
        AtomicReference<Feed> feeding = new AtomicReference<>();
        SocketFlow flow = new SocketFlow(socket, () -> feeding.get().resume());
        KeepAlive keepAlive = new KeepAlive(ctx.vertx(), socket, flow, HEARTBEAT);
        Feed feed = feed(job, seen, ctx.vertx().getOrCreateContext(), socket, (event, json) -> {
            socket.writeTextMessage(json);
            if (event.last()) {
                // Browsers treat a ping after the close frame as a protocol error.
                keepAlive.close();
                socket.close(NORMAL_CLOSURE);
            }
        });
        feeding.set(feed);
        whileOpen(ctx, socket, keepAlive, feed::close);
        feed.resume();
    }

    /** {@code GET /v1/ws} */
    private void watchMany(RoutingContext ctx) {
        requireUpgrade(ctx);
        ctx.request()
                .toWebSocket()
                .onSuccess(socket -> {
                    Subscriptions subscriptions = new Subscriptions(
                            Caller.of(ctx),
                            jobs,
                            events,
                            commands,
                            quota,
                            socket,
                            ctx.vertx().getOrCreateContext());
                    SocketFlow flow = new SocketFlow(socket, subscriptions::resume);
                    socket.textMessageHandler(text -> subscriptions.onCommand(text, flow));
                    whileOpen(ctx, socket, new KeepAlive(ctx.vertx(), socket, flow, HEARTBEAT), subscriptions::close);
                })
                .onFailure(ctx::fail);
    }

    private static void requireUpgrade(RoutingContext ctx) {
        if (!ctx.request().headers().contains(HttpHeaders.UPGRADE, HttpHeaders.WEBSOCKET, true)) {
            throw new ProblemException(Problem.of(Problem.Code.UPGRADE_REQUIRED, "Connect with a WebSocket client."));
        }
    }

    private void whileOpen(RoutingContext ctx, ServerWebSocket socket, KeepAlive keepAlive, Runnable onClose) {
        sockets.incrementAndGet();
        GracefulShutdown.Registration onShutdown =
                shutdown.onBegin(() -> socket.close(SERVICE_RESTART, "this gateway is shutting down; reconnect"));
        GracefulShutdown.Registration access =
                keys.onRevoked(Caller.of(ctx), () -> socket.close(POLICY_VIOLATION, "the API key is no longer valid"));
        socket.closeHandler(closed -> {
            onShutdown.remove();
            access.remove();
            sockets.decrementAndGet();
            keepAlive.close();
            onClose.run();
        });
    }

    private Feed feed(JobStatus job, long seen, Context loop, WriteStream<?> socket, EventStream.Listener client) {
        return new Feed(events, job.job().jobId(), Math.min(seen, job.lastEvent()), loop, socket, client);
    }
}
