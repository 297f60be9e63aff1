package io.ruido.gateway;

import io.micrometer.core.instrument.MeterRegistry;
import io.ruido.config.RuidoConfig;
import io.ruido.gateway.a1111.SdImageRoute;
import io.ruido.gateway.a1111.SdRoutes;
import io.ruido.gateway.access.Access;
import io.ruido.gateway.access.ApiKeys;
import io.ruido.gateway.access.Caller;
import io.ruido.gateway.access.Quota;
import io.ruido.gateway.access.SessionRoute;
import io.ruido.gateway.events.EventRoutes;
import io.ruido.gateway.http.Bodies;
import io.ruido.gateway.http.Contract;
import io.ruido.gateway.http.GracefulShutdown;
import io.ruido.gateway.http.HttpVerticle;
import io.ruido.gateway.http.Problems;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestTraces;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.SchemaCheck;
import io.ruido.gateway.http.Tls;
import io.ruido.gateway.jobs.Dispatcher;
import io.ruido.gateway.jobs.Housekeeping;
import io.ruido.gateway.jobs.ImageRoute;
import io.ruido.gateway.jobs.JobArchive;
import io.ruido.gateway.jobs.JobEnqueuer;
import io.ruido.gateway.jobs.JobRoutes;
import io.ruido.gateway.jobs.JobWaiter;
import io.ruido.gateway.jobs.Jobs;
import io.ruido.gateway.jobs.SubmissionReader;
import io.ruido.gateway.jobs.SubmissionService;
import io.ruido.gateway.jobs.SubmitRoute;
import io.ruido.gateway.jobs.SynchronousJobs;
import io.ruido.gateway.models.CatalogRoutes;
import io.ruido.gateway.models.ModelCatalog;
import io.ruido.gateway.monitoring.HealthRoutes;
import io.ruido.gateway.monitoring.MetricsRoute;
import io.ruido.gateway.monitoring.StatsRoute;
import io.ruido.gateway.openai.OpenAiAnswers;
import io.ruido.gateway.openai.OpenAiRoute;
import io.ruido.gateway.page.Page;
import io.ruido.gateway.uploads.UploadRoutes;
import io.ruido.gateway.uploads.Uploads;
import io.ruido.gateway.webhooks.WebhookClient;
import io.ruido.gateway.webhooks.Webhooks;
import io.ruido.kafka.JobPublisher;
import io.ruido.kafka.KafkaProbe;
import io.ruido.kafka.Topics;
import io.ruido.process.Startup;
import io.ruido.redis.DelayedQueue;
import io.ruido.redis.DispatchSignal;
import io.ruido.redis.EventStream;
import io.ruido.redis.JobStore;
import io.ruido.redis.ModelRegistry;
import io.ruido.redis.Overview;
import io.ruido.redis.RateLimits;
import io.ruido.redis.Redis;
import io.ruido.redis.UploadStore;
import io.ruido.redis.WebhookStore;
import io.ruido.s3.ResultStore;
import io.ruido.telemetry.Telemetry;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.AllowForwardHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.PlatformHandler;
import io.vertx.ext.web.openapi.router.RouterBuilder;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.openapi.contract.OpenAPIContract;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP server: takes jobs, tells of their progress and hands out their images. Any number can run side by side. */
public final class Gateway implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Gateway.class);
    private static final Duration DISPATCH_EVERY = Duration.ofSeconds(1);
    private static final Duration EXPIRE_EVERY = Duration.ofMillis(250);
    private static final Duration TELL_EVERY = Duration.ofSeconds(1);
    private static final Duration FORGET_EVERY = Duration.ofSeconds(5);
    private static final Duration ADMIT_EVERY = Duration.ofSeconds(1);
    private static final Duration KEYS_EVERY = Duration.ofSeconds(2);
    private static final int EVENT_LOOPS = Runtime.getRuntime().availableProcessors();
    /** Longer than any request waits for its answer. */
    private static final int IDLE_SECONDS = 660;

    private static final int DECODERS = 2;
    private static final int MAX_HEADER_BYTES = 16 * 1024;
    private static final int START_SECONDS = 30;
    private static final int STOP_SECONDS = 5;

    /** What has been started, the newest first. */
    private final Deque<AutoCloseable> started = new ConcurrentLinkedDeque<>();

    private final GracefulShutdown shutdown = new GracefulShutdown();

    private int port;

    private Gateway() {}

    /**
     * Returns when the gateway serves.
     *
     * @throws IOException when the object store does not answer
     * @throws RuntimeException when Kafka or Redis does not, or the port is taken
     */
    public static Gateway start(RuidoConfig config) throws IOException, TimeoutException {
        Gateway gateway = new Gateway();
        return gateway.serve(config, gateway.started(new Telemetry(config.tracing(), "ruido-gateway")));
    }

    /**
     * As {@link #start(RuidoConfig)}.
     *
     * @param config with the addresses of Kafka, Redis and the object store, all of which must answer
     * @param telemetry of the process
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
        ExecutorService blocking = Executors.newVirtualThreadPerTaskExecutor();
        started.push(blocking::shutdownNow);
        Redis redis = started(Redis.connect(config.redis()));
        Topics.create(config.kafka(), List.of());
        JobPublisher publisher = started(new JobPublisher(config.kafka()));
        KafkaProbe kafka = started(new KafkaProbe(config.kafka()));
        ResultStore results = new ResultStore(config.s3());
        results.createBucket();
        MeterRegistry metrics = telemetry.metrics();
        Clock clock = Clock.systemUTC();

        JobStore store =
                new JobStore(redis, config.jobs().lease(), config.jobs().retention());
        EventStream events = started(new EventStream(redis));
        JobArchive history = new JobArchive(store, results, config.jobs().retention(), clock, blocking);
        Jobs jobs = new Jobs(store, history);
        DelayedQueue unpublished = DelayedQueue.unpublished(redis);
        JobEnqueuer submitter = new JobEnqueuer(store, publisher, metrics, blocking);
        ModelRegistry models = new ModelRegistry(redis);
        ModelCatalog catalog = new ModelCatalog(models, config.gateway().defaultModel(), clock);
        ExecutorService decoding = Executors.newFixedThreadPool(
                DECODERS, Thread.ofPlatform().name("decode-", 0).factory());
        started.push(decoding::shutdownNow);
        Uploads uploads = new Uploads(
                new UploadStore(redis, config.uploads()),
                DelayedQueue.uploads(redis),
                results,
                config.uploads(),
                blocking,
                decoding);
        SubmissionReader submissions = new SubmissionReader(catalog, uploads, clock, new SecureRandom(), config.jobs());

        Vertx vertx = Vertx.builder()
                .with(new VertxOptions().setEventLoopPoolSize(EVENT_LOOPS).setMetricsOptions(MetricsRoute.options()))
                .withMetrics(new MicrometerMetricsFactory(metrics))
                .build();
        started.push(() -> vertx.close().await(STOP_SECONDS, TimeUnit.SECONDS));
        Buffer contractText = Contract.text();
        OpenAPIContract contract = await(Contract.load(vertx, contractText, config.jobs()));
        SchemaCheck commands = new SchemaCheck(Contract.schema(contract, "Command"), contract.getSchemaRepository());

        SchemaCheck submission =
                new SchemaCheck(Contract.schema(contract, "Submission"), contract.getSchemaRepository());
        JobWaiter endings = new JobWaiter(jobs, events, shutdown);
        Quota quota = new Quota(new RateLimits(redis));
        SubmissionService intake = new SubmissionService(submissions, submitter, jobs, quota);
        SubmitRoute submit = new SubmitRoute(intake, endings, results);
        JobRoutes jobRoutes = new JobRoutes(jobs, results, blocking);
        ImageRoute image = new ImageRoute(jobs, results, blocking);
        SynchronousJobs attended = new SynchronousJobs(submission, intake, endings, image, results);
        OpenAiRoute openAi = new OpenAiRoute(attended, new OpenAiAnswers(attended, events), uploads);
        SdImageRoute sdImages = new SdImageRoute(attended, catalog, uploads);
        SdRoutes sd = new SdRoutes(jobs, events, catalog, clock);
        EventRoutes watching = new EventRoutes(jobs, events, commands, quota, metrics, shutdown);
        CatalogRoutes catalogRoutes = new CatalogRoutes(catalog, config.jobs(), config.uploads());
        UploadRoutes uploadRoutes = new UploadRoutes(uploads, config.uploads().retention(), clock);
        Overview overview = new Overview(redis);
        StatsRoute stats = new StatsRoute(overview, models);
        HealthRoutes health = new HealthRoutes(kafka, redis, results, blocking, shutdown);
        ApiKeys keys = ApiKeys.read(config.gateway().apiKeys());
        Access access = new Access(
                keys,
                config.gateway().allowedOrigins().orElse(List.of()),
                config.gateway().allowedHosts().orElse(List.of()),
                quota);
        SessionRoute session = new SessionRoute(keys);
        WebhookStore webhookStore = new WebhookStore(redis);
        RequestTraces traces = new RequestTraces(telemetry.tracer());
        Map<String, Handler<RoutingContext>> operations = Map.ofEntries(
                Map.entry("submitJob", traces.traced(submit::submit)),
                Map.entry("listJobs", jobRoutes::list),
                Map.entry("getJob", jobRoutes::get),
                Map.entry("cancelJob", jobRoutes::cancel),
                Map.entry("getImage", image::get),
                Map.entry("upload", uploadRoutes::post),
                Map.entry("getUpload", uploadRoutes::get),
                Map.entry("streamEvents", watching::stream),
                Map.entry("watchJob", watching::watch),
                Map.entry("watchJobs", watching::watchMany),
                Map.entry("listModels", catalogRoutes::models),
                Map.entry("listSamplers", catalogRoutes::samplers),
                Map.entry("createImages", traces.traced(openAi::generate)),
                Map.entry("editImage", traces.traced(openAi::edit)),
                Map.entry("txt2img", traces.traced(sdImages::fromText)),
                Map.entry("img2img", traces.traced(sdImages::fromPicture)),
                Map.entry("sdProgress", sd::progress),
                Map.entry("sdInterrupt", sd::interrupt),
                Map.entry("sdSamplers", sd::samplers),
                Map.entry("sdModels", sd::models),
                Map.entry("sdOptions", sd::options),
                Map.entry("setSdOptions", sd::setOptions),
                Map.entry("getStats", stats::get),
                Map.entry("getWebhookSecret", ctx -> webhookSecret(ctx, webhookStore)),
                Map.entry("openSession", session::open),
                Map.entry("closeSession", session::close),
                Map.entry("live", health::live),
                Map.entry("ready", health::ready));

        Bodies bodies = new Bodies(config.gateway(), config.uploads());
        RouterBuilder builder = RouterBuilder.create(vertx, contract)
                .rootHandler((PlatformHandler) ctx -> {
                    ctx.response().putHeader("X-Content-Type-Options", "nosniff");
                    ctx.next();
                })
                .rootHandler(shutdown)
                .rootHandler(access)
                .rootHandler(bodies);
        builder.getRoutes().forEach(route -> route.setDoValidation(false)
                .addHandler(new RequestValidation(route.getOperation(), contract.getSchemaRepository()))
                .addHandler(operations.get(route.getOperation().getOperationId())));
        Router router = builder.createRouter();
        router.allowForward(config.gateway().proxyHeaders() ? AllowForwardHeaders.X_FORWARD : AllowForwardHeaders.NONE);
        router.get("/openapi.yaml").handler(ctx -> ctx.response()
                .putHeader("Content-Type", "application/yaml")
                .end(contractText.copy()));
        router.get("/metrics").handler(new MetricsRoute(telemetry.metrics(), overview, blocking)::scrape);
        Page.mount(router);
        new Problems(contract, bodies, metrics).mount(router);

        port = listen(vertx, config, router);
        Dispatcher dispatcher = new Dispatcher(store, submitter, unpublished);
        started(new DispatchSignal(redis, dispatcher::run));
        vertx.setPeriodic(DISPATCH_EVERY.toMillis(), timer -> dispatcher.run());
        WebhookClient receivers = new WebhookClient(config.gateway().privateWebhooks(), clock, metrics);
        Webhooks webhooks = new Webhooks(webhookStore, store, results, receivers, Webhooks.PAUSES, blocking);
        vertx.setPeriodic(TELL_EVERY.toMillis(), timer -> webhooks.run());
        Housekeeping housekeeping =
                new Housekeeping(store, history, DelayedQueue.deadlines(redis), DelayedQueue.retention(redis), models);
        vertx.setPeriodic(EXPIRE_EVERY.toMillis(), timer -> housekeeping.expire());
        vertx.setPeriodic(FORGET_EVERY.toMillis(), timer -> housekeeping.forget());
        vertx.setPeriodic(FORGET_EVERY.toMillis(), timer -> uploads.forget());
        vertx.setPeriodic(ADMIT_EVERY.toMillis(), timer -> housekeeping.admit());
        vertx.setPeriodic(KEYS_EVERY.toMillis(), timer -> blocking.execute(keys::refresh));
        log.info(
                "Gateway listens on {}://{}:{}",
                Tls.scheme(config.gateway()),
                config.gateway().host(),
                port);
        if (keys.none()) {
            warnOfEverybody(config.gateway().host());
        }
    }

    private static void webhookSecret(RoutingContext ctx, WebhookStore store) {
        Reply.on(ctx, store.secret(Caller.of(ctx).tenant()))
                .onSuccess(secret -> Reply.json(ctx, 200, Map.of("secret", secret)))
                .onFailure(ctx::fail);
    }

    private static void warnOfEverybody(String host) throws UnknownHostException {
        if (InetAddress.getByName(host).isLoopbackAddress()) {
            log.info("It asks for no API key: it can only be reached from this machine");
        } else {
            log.warn("It asks for no API key, so whoever reaches it can use it; set ruido.gateway.api-keys");
        }
    }

    private static int listen(Vertx vertx, RuidoConfig config, Router router) throws TimeoutException {
        int wanted = config.gateway().port();
        HttpServerOptions options = Tls.options(config.gateway())
                .setHost(config.gateway().host())
                // For Vert.x 0 would be another port for each event loop, -1 is a free one for all.
                .setPort(wanted == 0 ? -1 : wanted)
                .setMaxHeaderSize(MAX_HEADER_BYTES)
                .setIdleTimeout(IDLE_SECONDS)
                // zlib would take 256 KiB a watcher, for events that are mostly PNG.
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false)
                .setMaxWebSocketFrameSize(config.gateway().maxBodyBytes())
                .setMaxWebSocketMessageSize(config.gateway().maxBodyBytes());
        List<HttpVerticle> loops = Stream.generate(() -> new HttpVerticle(options, router))
                .limit(EVENT_LOOPS)
                .toList();
        await(Future.all(loops.stream().map(vertx::deployVerticle).toList()));
        return loops.getFirst().port();
    }

    private static <T> T await(Future<T> future) throws TimeoutException {
        return future.await(START_SECONDS, TimeUnit.SECONDS);
    }

    /** Where it listens: the configured port, or the free one that was taken in place of 0. */
    public int port() {
        return port;
    }

    /** Ends without a request that fails, in some 20 seconds at most, and lets go of everything. */
    public void shutDown() throws InterruptedException {
        shutdown.run();
        close();
    }

    /** Stops taking requests at once, then lets go of everything. */
    @Override
    public void close() {
        for (AutoCloseable part; (part = started.poll()) != null; ) {
            try {
                part.close();
            } catch (Exception e) {
                log.warn("the gateway did not stop cleanly; stopping the rest of it", e);
            }
        }
    }

    private <T extends AutoCloseable> T started(T part) {
        started.push(part);
        return part;
    }

    /** Runs until it is told to end. The settings come from the environment and from the file that is the argument. */
    public static void main(String[] arguments) {
        Startup.run("gateway", arguments, config -> start(config)::shutDown);
    }
}
