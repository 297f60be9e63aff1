package io.ruido.worker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.ruido.config.RuidoConfig.WorkerConfig;
import io.ruido.redis.Redis;
import io.ruido.telemetry.Telemetry;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
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

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private MetricsServer(WorkerConfig config, int port) throws IOException {
        server = HttpServer.create(new InetSocketAddress(config.metricsHost(), port), 0);
        server.setExecutor(threads);
    }

    /** Unless no port is configured. */
    static Optional<MetricsServer> start(
            WorkerConfig config, PrometheusMeterRegistry metrics, Redis redis, DenoiseLoop loop) throws IOException {
        if (config.metricsPort().isEmpty()) {
            return Optional.empty();
        }
        MetricsServer server = new MetricsServer(config, config.metricsPort().get());
        server.answer("/metrics", exchange -> reply(exchange, 200, Telemetry.CONTENT_TYPE, metrics.scrape()));
        server.answer("/health/live", exchange -> health(exchange, loop.alive()));
        server.answer("/health/ready", exchange -> health(exchange, !loop.closed() && answers(redis)));
        server.server.start();
        log.info("metrics are at http://{}:{}/metrics", config.metricsHost(), server.port());
        return Optional.of(server);
    }

    private interface Answer {
        void to(HttpExchange exchange) throws IOException;
    }

    private void answer(String path, Answer answer) {
        server.createContext(path, exchange -> {
            try (exchange) {
                answer.to(exchange);
            }
        });
    }

    private static void health(HttpExchange exchange, boolean up) throws IOException {
        String status = up ? "UP" : "DOWN";
        reply(exchange, up ? 200 : 503, "application/json", "{\"status\":\"%s\"}".formatted(status));
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

    private static void reply(HttpExchange exchange, int status, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
