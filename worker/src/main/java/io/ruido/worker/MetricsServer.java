package io.ruido.worker;

import com.sun.net.httpserver.HttpExchange;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.ruido.config.WorkerConfig;
import io.ruido.redis.Redis;
import io.ruido.worker.denoise.DenoiseLoop;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Metrics and probes of a worker: {@code /metrics}, {@code /health/live} and {@code /health/ready}. */
final class MetricsServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(MetricsServer.class);
    private static final long SECONDS = 2;

    private final HTTPServer server;
    private final ExecutorService threads;

    private MetricsServer(HTTPServer server, ExecutorService threads) {
        this.server = server;
        this.threads = threads;
    }

    /** Starts the server; empty when no port is configured. */
    static Optional<MetricsServer> start(
            WorkerConfig config, PrometheusMeterRegistry metrics, Redis redis, DenoiseLoop loop) throws IOException {
        if (config.metricsPort().isEmpty()) {
            return Optional.empty();
        }
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        HTTPServer server = HTTPServer.builder()
                .hostname(config.metricsHost())
                .port(config.metricsPort().get())
                .executorService(threads)
                .registry(metrics.getPrometheusRegistry())
                .defaultHandler(exchange -> answer(exchange, redis, loop))
                .buildAndStart();
        log.info("metrics are at http://{}:{}/metrics", config.metricsHost(), server.getPort());
        return Optional.of(new MetricsServer(server, threads));
    }

    private static void answer(HttpExchange exchange, Redis redis, DenoiseLoop loop) throws IOException {
        try (exchange) {
            switch (exchange.getRequestURI().getPath()) {
                case "/health/live" -> health(exchange, loop.alive());
                case "/health/ready" -> health(exchange, !loop.closed() && answers(redis));
                default -> exchange.sendResponseHeaders(404, -1);
            }
        }
    }

    private static void health(HttpExchange exchange, boolean up) throws IOException {
        byte[] body = "{\"status\":\"%s\"}".formatted(up ? "UP" : "DOWN").getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(up ? 200 : 503, body.length);
        exchange.getResponseBody().write(body);
    }

    private static boolean answers(Redis redis) {
        try {
            redis.ping()
                    .toCompletableFuture()
                    .orTimeout(SECONDS, TimeUnit.SECONDS)
                    .join();
            return true;
        } catch (CompletionException e) {
            return false;
        }
    }

    int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        server.close();
        threads.close();
    }
}
