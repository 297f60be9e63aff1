package io.ruido.gateway.http;

import io.lettuce.core.RedisException;
import io.micrometer.core.instrument.MeterRegistry;
import io.ruido.job.InvalidFieldException;
import io.ruido.telemetry.Outage;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import io.vertx.openapi.contract.OpenAPIContract;
import io.vertx.openapi.contract.Operation;
import io.vertx.openapi.contract.Path;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Answers every failed request with a {@link Problem}. */
public final class Problems implements Handler<RoutingContext> {
    private static final Logger log = LoggerFactory.getLogger(Problems.class);
    private static final List<Integer> UNROUTED = List.of(400, 404, 405, 406, 415, 500);

    private final OpenAPIContract contract;
    private final Bodies bodies;
    private final MeterRegistry metrics;

    public Problems(OpenAPIContract contract, Bodies bodies, MeterRegistry metrics) {
        this.contract = contract;
        this.bodies = bodies;
        this.metrics = metrics;
    }

    public void mount(Router router) {
        router.route().failureHandler(this);
        UNROUTED.forEach(status -> router.errorHandler(status, this));
    }

    @Override
    public void handle(RoutingContext ctx) {
        if (ctx.response().closed()) {
            return;
        }
        if (ctx.response().ended() || ctx.response().headWritten()) {
            // Of an answer that could not be written nothing has gone out: its client would wait for it.
            log.error("a request failed while it was answered; its connection is closed", ctx.failure());
            ctx.response().reset();
            return;
        }
        Problem problem = ctx.failure() == null ? of(ctx.statusCode(), ctx) : of(ctx.failure());
        if (problem.status() == 405) {
            ctx.response().putHeader(HttpHeaders.ALLOW, allowed(ctx.normalizedPath()));
        }
        if (submits(ctx.request())) {
            metrics.counter("ruido.jobs.refused", "reason", problem.code()).increment();
        }
        Reply.problem(ctx, problem);
    }

    private static boolean submits(HttpServerRequest request) {
        String path = request.path();
        return request.method().equals(HttpMethod.POST)
                && (path.equals("/v1/jobs") || path.startsWith("/v1/images/") || path.endsWith("2img"));
    }

    /** What Vert.x itself could not read as HTTP. */
    static void malformed(HttpServerRequest request, String detail) {
        request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        Reply.problem(request.response(), Problem.of(Problem.Code.MALFORMED_REQUEST, detail));
        request.connection().close();
    }

    public static Problem of(Throwable failure) {
        return switch (failure) {
            case CompletionException e when e.getCause() != null -> of(e.getCause());
            case ProblemException e -> e.problem();
            case InvalidFieldException e ->
                Problem.invalid(List.of(new Problem.Field(e.field(), e.value(), e.reason())));
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
                log.error("a request failed; its client is told that this server made a mistake", failure);
                yield Problem.of(Problem.Code.INTERNAL, "The request failed; the server's log says why.");
            }
        };
    }

    /** At which to log what is tried again anyway: nothing new where an {@link Outage} has told of it. */
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
        return Problem.of(Problem.Code.UNAVAILABLE, server + " does not answer; try again.");
    }

    private Problem of(int status, RoutingContext ctx) {
        Problem.Code code = Problem.Code.ofStatus(status);
        String request = ctx.request().method() + " " + ctx.request().path();
        return switch (code) {
            case BODY_TOO_LARGE ->
                Problem.of(
                        code,
                        "At most %d bytes are read.".formatted(bodies.limit(ctx)),
                        List.of(new Problem.Field(
                                "body",
                                ctx.request().getHeader(HttpHeaders.CONTENT_LENGTH),
                                "must have at most %d bytes".formatted(bodies.limit(ctx)))));
            case METHOD_NOT_ALLOWED ->
                Problem.of(code, request + ": the path takes " + allowed(ctx.normalizedPath()) + ".");
            default -> Problem.of(code, request);
        };
    }

    private String allowed(String path) {
        Path known = contract.findPath(path);
        return known == null
                ? "GET, HEAD"
                : known.getOperations().stream()
                        .map(Operation::getHttpMethod)
                        .map(HttpMethod::name)
                        .sorted()
                        .collect(Collectors.joining(", "));
    }
}
