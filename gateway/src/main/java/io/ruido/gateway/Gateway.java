package io.ruido.gateway;

import io.ruido.config.RuidoConfig;
import io.ruido.gateway.access.Access;
import io.ruido.gateway.access.ApiKeys;
import io.ruido.gateway.access.CrossOrigin;
import io.ruido.gateway.access.Quota;
import io.ruido.gateway.connections.ConnectionLimit;
import io.ruido.gateway.connections.IdleConnections;
import io.ruido.gateway.http.AccessRule;
import io.ruido.gateway.http.ApiRouter;
import io.ruido.gateway.http.Contract;
import io.ruido.gateway.http.GracefulShutdown;
import io.ruido.gateway.http.HttpVerticle;
import io.ruido.gateway.http.Problems;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.monitoring.MetricsRoute;
import io.ruido.gateway.page.Page;
import io.ruido.process.Background;
import io.ruido.process.Startup;
import io.ruido.redis.Overview;
import io.ruido.redis.RateLimits;
import io.ruido.telemetry.Telemetry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.AllowForwardHeaders;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.openapi.contract.OpenAPIContract;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP server: takes jobs, streams their progress and serves their images. Any number can run side by side. */
public final class Gateway implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Gateway.class);
    private static final int EVENT_LOOPS = Runtime.getRuntime().availableProcessors();
    /**
     * The time after which a connection without a request in progress is closed. It is longer than the 60 s of common
     * proxies, which would otherwise send a request on a connection that is just being closed.
     */
    private static final Duration IDLE = Duration.ofSeconds(75);

    /** The time after which a connection is closed when nothing is read or written; longer than any request waits. */
    private static final int SILENT_SECONDS = 660;

    private static final int MAX_HEADER_BYTES = 16 * 1024;
    private static final int START_SECONDS = 30;
    private static final int STOP_SECONDS = 5;

    private final Resources started = new Resources();
    private final GracefulShutdown shutdown = new GracefulShutdown();

    private int port;

    private Gateway() {}

    /**
     * Returns when the gateway serves.
     *
     * @throws IOException when the object store does not answer, or the port is taken
     * @throws IllegalStateException when Kafka or Redis does not answer
     */
    public static Gateway start(RuidoConfig config) throws IOException, TimeoutException {
        Gateway gateway = new Gateway();
        return gateway.serve(config, gateway.started.add(new Telemetry(config.tracing(), "ruido-gateway")));
    }

    /**
     * Starts a gateway as {@link #start(RuidoConfig)} does.
     *
     * @param config with the addresses of Kafka, Redis and the object store, all of which must answer
     * @param telemetry telemetry of the process
     */
    public static Gateway start(RuidoConfig config, Telemetry telemetry) throws IOException, TimeoutException {
        return new Gateway().serve(config, telemetry);
    }

    private Gateway serve(RuidoConfig config, Telemetry telemetry) throws IOException, TimeoutException {
        try {
            open(config, telemetry);
            return this;
        } catch (IOException | TimeoutException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private void open(RuidoConfig config, Telemetry telemetry) throws IOException, TimeoutException {
        Resources connections = started.add(new Resources());
        Background<Backends> connecting = Background.start("connect", () -> Backends.connect(config, connections));
        IdleConnections idle = new IdleConnections(IDLE, ConnectionLimit.ofProcess());
        Vertx vertx = Vertx.builder()
                .withTransport(idle.transport())
                .with(new VertxOptions().setEventLoopPoolSize(EVENT_LOOPS).setMetricsOptions(MetricsRoute.options()))
                .withMetrics(new MicrometerMetricsFactory(telemetry.metrics()))
                .build();
        started.add(() -> vertx.close().await(STOP_SECONDS, TimeUnit.SECONDS));
        Buffer contractText = Contract.text();
        OpenAPIContract contract = await(Contract.load(vertx, contractText, config.jobs()));
        ApiKeys keys = ApiKeys.read(config.gateway().apiKeys());
        Backends backends = connecting.await();
        Quota quota = new Quota(new RateLimits(backends.redis()));
        List<String> origins = config.gateway().allowedOrigins().orElse(List.of());
        Access access =
                new Access(keys, origins, config.gateway().allowedHosts().orElse(List.of()), quota);
        Features features = new Features(config, backends, contract, keys, quota, telemetry, shutdown);

        ApiRouter api = new ApiRouter(contract, features.routes());
        Router router = api.router(
                vertx,
                List.of(idle, new CrossOrigin(origins), shutdown),
                access::handler,
                config.gateway().maxBodyBytes(),
                config.gateway().bodyTimeout());
        router.allowForward(config.gateway().proxyHeaders() ? AllowForwardHeaders.X_FORWARD : AllowForwardHeaders.NONE);
        reading(router, "/openapi.yaml")
                .handler(access.handler(AccessRule.PUBLIC))
                .handler(ctx -> {
                    ctx.response().putHeader("Content-Type", "application/yaml");
                    Reply.end(ctx.request(), contractText.copy());
                });
        reading(router, "/metrics")
                .handler(access.handler(AccessRule.ADMIN))
                .handler(
                        new MetricsRoute(telemetry.metrics(), new Overview(backends.redis()), backends.blocking())
                                ::scrape);
        Page.mount(router, access.handler(AccessRule.PUBLIC));
        new Problems(api, access::requireKey, telemetry.metrics()).mount(router);

        port = listen(vertx, config, router, idle);
        features.startTasks(vertx, started);
        log.info(
                "Gateway listens on {}://{}:{}",
                Tls.scheme(config.gateway()),
                config.gateway().host(),
                port);
        if (keys.none()) {
            warnOfEverybody(config.gateway().host());
        }
    }

    private static Route reading(Router router, String path) {
        return router.route(path).method(HttpMethod.GET).method(HttpMethod.HEAD);
    }

    private static void warnOfEverybody(String host) throws UnknownHostException {
        if (InetAddress.getByName(host).isLoopbackAddress()) {
            log.info("No API key is required: the gateway listens on this machine only");
        } else {
            log.warn("No API key is required: anyone who can reach the gateway can use it; set ruido.gateway.api-keys");
        }
    }

    private static int listen(Vertx vertx, RuidoConfig config, Router router, IdleConnections idle)
            throws TimeoutException {
        int wanted = config.gateway().port();
        HttpServerOptions options = Tls.options(config.gateway())
                .setHost(config.gateway().host())
                // For Vert.x 0 would be another port for each event loop, -1 is a free one for all.
                .setPort(wanted == 0 ? -1 : wanted)
                .setMaxHeaderSize(MAX_HEADER_BYTES)
                .setIdleTimeout(SILENT_SECONDS)
                // zlib would take 256 KiB a watcher, for events that are mostly PNG.
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false)
                .setMaxWebSocketFrameSize(config.gateway().maxBodyBytes())
                .setMaxWebSocketMessageSize(config.gateway().maxBodyBytes());
        List<HttpVerticle> loops = Stream.generate(() -> new HttpVerticle(options, router, idle))
                .limit(EVENT_LOOPS)
                .toList();
        await(Future.all(loops.stream().map(vertx::deployVerticle).toList()));
        return loops.getFirst().port();
    }

    private static <T> T await(Future<T> future) throws TimeoutException {
        return future.await(START_SECONDS, TimeUnit.SECONDS);
    }

    /** The port that it listens on: the configured one, or the free one that was taken for 0. */
    public int port() {
        return port;
    }

    /** Ends without failing a request, within about 20 seconds, and closes everything. */
    public void shutDown() throws InterruptedException {
        shutdown.run();
        close();
    }

    /** Stops taking requests at once, and closes everything. */
    @Override
    public void close() {
        started.close();
    }

    /**
     * Runs a gateway until a signal stops it. The settings come from the environment and from the file named by the
     * argument.
     */
    public static void main(String[] arguments) {
        Startup.run("gateway", arguments, config -> start(config)::shutDown);
    }
}
