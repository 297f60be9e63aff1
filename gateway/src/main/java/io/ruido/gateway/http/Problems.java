package io.ruido.gateway.http;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisException;
import io.micrometer.core.instrument.MeterRegistry;
import io.ruido.job.InvalidFieldException;
import io.ruido.telemetry.Metric;
import io.ruido.telemetry.Outage;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.StreamResetException;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Answers every failed request with a {@link Problem}. */
public final class Problems implements Handler<RoutingContext> {
    private static final Logger log = LoggerFactory.getLogger(Problems.class);
    private static final List<Integer> UNROUTED = List.of(400, 404, 405, 406, 415, 500);

    private final ApiRouter api;
    private final Consumer<RoutingContext> unrouted;
    private final MeterRegistry metrics;

    /**
     * @param unrouted called for requests that no route serves; throws for callers who may not learn which routes exist
     */
    public Problems(ApiRouter api, Consumer<RoutingContext> unrouted, MeterRegistry metrics) {
        this.api = api;
        this.unrouted = unrouted;
        this.metrics = metrics;
    }

    public void mount(Router router) {
        router.route().failureHandler(this);
        UNROUTED.forEach(status -> router.errorHandler(status, this));
    }

    @Override
    public void handle(RoutingContext ctx) {
        if (ctx.response().closed() || ctx.failure() instanceof StreamResetException) {
            return; // The client has disconnected.
        }
        if (ctx.response().ended() || ctx.response().headWritten()) {
            // The client would wait for the rest of the response.
            log.error("a request failed after its response had started; closing the connection", ctx.failure());
            ctx.response().reset();
            return;
        }
        Route route = Route.of(ctx);
        Problem problem = ctx.failure() == null ? ofStatus(ctx) : of(ctx.failure());
        if (problem.status() == 405) {
            ctx.response().putHeader(HttpHeaders.ALLOW, api.allowedMethods(ctx.normalizedPath()));
        }
        if (route != null && route.submitsJobs()) {
            metrics.counter(Metric.JOBS_REFUSED.meter(), "reason", problem.code())
                    .increment();
        }
        ErrorFormat format = route == null ? api.errors(ctx.normalizedPath()) : route.errors();
        Reply.error(ctx.request(), problem, format);
    }

    private Problem ofStatus(RoutingContext ctx) {
        if (Route.of(ctx) == null) {
            try {
                unrouted.accept(ctx);
            } catch (ProblemException e) {
                return e.problem();
            }
        }
        Problem.Code code = Problem.Code.ofStatus(ctx.statusCode());
        String request = ctx.request().method() + " " + ctx.request().path();
        return code == Problem.Code.METHOD_NOT_ALLOWED
                ? Problem.of(code, request + ": allowed methods are " + api.allowedMethods(ctx.normalizedPath()) + ".")
                : Problem.of(code, request);
    }

    /** Answers a request that is not valid HTTP, and closes its connection. */
    static void malformed(HttpServerRequest request, String detail) {
        request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        Reply.error(request, Problem.of(Problem.Code.MALFORMED_REQUEST, detail), ErrorFormat.PROBLEM_JSON);
        request.connection().close();
    }

    public static Problem of(Throwable failure) {
        return switch (failure) {
            case CompletionException e when e.getCause() != null -> of(e.getCause());
            case ProblemException e -> e.problem();
            case InvalidFieldException e ->
                Problem.invalid(List.of(new Problem.Field(e.field(), e.value(), e.reason())));
            case RedisCommandExecutionException e
            when e.getMessage().contains("OOM command not allowed") ->
                Problem.of(Problem.Code.UNAVAILABLE, "Redis has no memory left; try again later.");
            case RedisException e -> unavailable("Redis");
            case KafkaException e -> unavailable("Kafka");
            case IOException e -> unavailable("The object store");
            case UncheckedIOException e -> unavailable("The object store");
            case TimeoutException e -> unavailable("A server");
            case HttpException e ->
                Problem.of(
                        Problem.Code.ofStatus(e.getStatusCode()),
                        e.getPayload() == null ? e.getMessage() : e.getPayload());
            default -> {
                log.error("a request failed unexpectedly; its client gets 500", failure);
                yield Problem.of(Problem.Code.INTERNAL, "The request failed; the server's log has the reason.");
            }
        };
    }

    /** Returns the log level of a failure that will be retried: low where an {@link Outage} has already reported it. */
    public static Level level(Throwable failure) {
        return switch (failure) {
            case CompletionException e when e.getCause() != null -> level(e.getCause());
            case RedisException e -> Level.DEBUG;
            case KafkaException e -> Level.DEBUG;
            case IOException e -> Level.DEBUG;
            case UncheckedIOException e -> Level.DEBUG;
            default -> Level.WARN;
        };
    }

    private static Problem unavailable(String server) {
        return Problem.of(Problem.Code.UNAVAILABLE, server + " is unavailable; try again.");
    }
}
