package io.ruido.gateway.monitoring;

import io.ruido.gateway.http.AccessRule;
import io.ruido.gateway.http.GracefulShutdown;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.Route;
import io.ruido.kafka.KafkaProbe;
import io.ruido.redis.Redis;
import io.ruido.s3.ResultStore;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** Routes of the liveness and readiness probes. */
public final class HealthRoutes {
    private static final long SECONDS = 2;

    private final KafkaProbe kafka;
    private final Redis redis;
    private final ResultStore results;
    private final Executor blocking;
    private final GracefulShutdown shutdown;

    public HealthRoutes(
            KafkaProbe kafka, Redis redis, ResultStore results, Executor blocking, GracefulShutdown shutdown) {
        this.kafka = kafka;
        this.redis = redis;
        this.results = results;
        this.blocking = blocking;
        this.shutdown = shutdown;
    }

    public List<Route> routes() {
        return List.of(
                Route.of("live", this::live).access(AccessRule.PROBE),
                Route.of("ready", this::ready).access(AccessRule.PROBE));
    }

    private enum Status {
        UP,
        DOWN
    }

    private record Health(Status status, Map<String, Status> checks) {}

    private void live(RoutingContext ctx) {
        Reply.json(ctx, 200, new Health(Status.UP, Map.of()));
    }

    private void ready(RoutingContext ctx) {
        if (shutdown.begun()) {
            Reply.json(ctx, 503, new Health(Status.DOWN, Map.of("shutdown", Status.DOWN)));
            return;
        }
        Future<Status> kafkaStatus = status(ctx, kafka.ping().thenApply(pong -> true));
        Future<Status> redisStatus = status(ctx, redis.ping().thenApply(pong -> true));
        Future<Status> s3Status = status(ctx, CompletableFuture.supplyAsync(results::reachable, blocking));
        Future.all(kafkaStatus, redisStatus, s3Status).onSuccess(all -> {
            Map<String, Status> checks = new TreeMap<>(
                    Map.of("kafka", kafkaStatus.result(), "redis", redisStatus.result(), "s3", s3Status.result()));
            boolean ready = !checks.containsValue(Status.DOWN);
            Reply.json(ctx, ready ? 200 : 503, new Health(ready ? Status.UP : Status.DOWN, checks));
        });
    }

    private static Future<Status> status(RoutingContext ctx, CompletionStage<Boolean> check) {
        return Reply.on(ctx, check)
                .timeout(SECONDS, TimeUnit.SECONDS)
                .map(up -> up ? Status.UP : Status.DOWN)
                .otherwise(Status.DOWN);
    }
}
