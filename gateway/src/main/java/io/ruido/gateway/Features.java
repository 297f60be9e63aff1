package io.ruido.gateway;

import io.micrometer.core.instrument.MeterRegistry;
import io.ruido.config.RuidoConfig;
import io.ruido.gateway.a1111.Checkpoint;
import io.ruido.gateway.a1111.RememberedOptions;
import io.ruido.gateway.a1111.SdExtras;
import io.ruido.gateway.a1111.SdImageRoute;
import io.ruido.gateway.a1111.SdLookups;
import io.ruido.gateway.a1111.SdRoutes;
import io.ruido.gateway.access.ApiKeys;
import io.ruido.gateway.access.Quota;
import io.ruido.gateway.access.SessionRoute;
import io.ruido.gateway.events.EventRoutes;
import io.ruido.gateway.http.Contract;
import io.ruido.gateway.http.GracefulShutdown;
import io.ruido.gateway.http.RequestTraces;
import io.ruido.gateway.http.Route;
import io.ruido.gateway.jobs.Dispatcher;
import io.ruido.gateway.jobs.Housekeeping;
import io.ruido.gateway.jobs.ImageRoute;
import io.ruido.gateway.jobs.JobArchive;
import io.ruido.gateway.jobs.JobEnqueuer;
import io.ruido.gateway.jobs.JobRoutes;
import io.ruido.gateway.jobs.JobWaiter;
import io.ruido.gateway.jobs.Jobs;
import io.ruido.gateway.jobs.ResultUrls;
import io.ruido.gateway.jobs.SubmissionReader;
import io.ruido.gateway.jobs.SubmissionService;
import io.ruido.gateway.jobs.SubmitRoute;
import io.ruido.gateway.jobs.SynchronousJobs;
import io.ruido.gateway.models.CatalogRoutes;
import io.ruido.gateway.models.ModelAliases;
import io.ruido.gateway.models.ModelCatalog;
import io.ruido.gateway.monitoring.HealthRoutes;
import io.ruido.gateway.monitoring.StatsRoute;
import io.ruido.gateway.openai.OpenAiAnswers;
import io.ruido.gateway.openai.OpenAiRoute;
import io.ruido.gateway.openai.VideoRoutes;
import io.ruido.gateway.uploads.UploadRoutes;
import io.ruido.gateway.uploads.Uploads;
import io.ruido.gateway.webhooks.WebhookClient;
import io.ruido.gateway.webhooks.WebhookRoute;
import io.ruido.gateway.webhooks.Webhooks;
import io.ruido.redis.AddOnRegistry;
import io.ruido.redis.DelayedQueue;
import io.ruido.redis.DispatchSignal;
import io.ruido.redis.ModelRegistry;
import io.ruido.redis.Overview;
import io.ruido.redis.SigningKey;
import io.ruido.redis.TenantSettings;
import io.ruido.redis.UploadStore;
import io.ruido.redis.WebhookStore;
import io.ruido.telemetry.Telemetry;
import io.vertx.core.Vertx;
import io.vertx.openapi.contract.OpenAPIContract;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/** Makes each feature of what it needs: its routes, and the tasks that run periodically beside them. */
final class Features {
    private static final Duration DISPATCH_EVERY = Duration.ofSeconds(1);
    private static final Duration EXPIRE_EVERY = Duration.ofMillis(250);
    private static final Duration WEBHOOKS_EVERY = Duration.ofSeconds(1);
    private static final Duration DELETE_EVERY = Duration.ofSeconds(5);
    private static final Duration ADMIT_EVERY = Duration.ofSeconds(1);
    private static final Duration KEYS_EVERY = Duration.ofSeconds(2);

    private final RuidoConfig config;
    private final Backends backends;
    private final OpenAPIContract contract;
    private final Clock clock = Clock.systemUTC();
    private final MeterRegistry metrics;
    private final RequestTraces traces;
    private final ApiKeys keys;
    private final Quota quota;
    private final ModelRegistry registry;
    private final AddOnRegistry loras;
    private final AddOnRegistry embeddings;
    private final ModelCatalog catalog;
    private final Uploads uploads;
    private final JobArchive archive;
    private final Jobs jobs;
    private final JobWaiter waiter;
    private final JobEnqueuer enqueuer;
    private final SubmissionService submissions;
    private final ImageRoute images;
    private final ResultUrls resultUrls;
    private final SynchronousJobs synchronousJobs;
    private final WebhookStore webhookStore;
    private final GracefulShutdown shutdown;

    Features(
            RuidoConfig config,
            Backends backends,
            OpenAPIContract contract,
            ApiKeys keys,
            Quota quota,
            Telemetry telemetry,
            GracefulShutdown shutdown) {
        this.shutdown = shutdown;
        this.config = config;
        this.backends = backends;
        this.contract = contract;
        this.metrics = telemetry.metrics();
        this.traces = new RequestTraces(telemetry.tracer());
        this.keys = keys;
        this.quota = quota;
        this.registry = new ModelRegistry(backends.redis());
        this.loras = AddOnRegistry.ofLoras(backends.redis());
        this.embeddings = AddOnRegistry.ofEmbeddings(backends.redis());
        this.catalog = new ModelCatalog(
                registry,
                config.gateway().defaultModel(),
                new ModelAliases(config.gateway().modelAliases().orElse(List.of())),
                System::nanoTime);
        this.uploads = new Uploads(
                new UploadStore(backends.redis(), config.uploads()),
                DelayedQueue.uploads(backends.redis()),
                backends.results(),
                config.uploads(),
                backends.blocking(),
                backends.decoding());
        this.archive = new JobArchive(
                backends.store(), backends.results(), config.jobs().retention(), clock, backends.blocking());
        this.jobs = new Jobs(backends.store(), archive);
        this.waiter = new JobWaiter(jobs, backends.events(), shutdown);
        this.enqueuer = new JobEnqueuer(backends.store(), backends.publisher(), metrics, backends.blocking());
        SubmissionReader reader =
                new SubmissionReader(catalog, loras, uploads, clock, new SecureRandom(), config.jobs());
        this.submissions = new SubmissionService(reader, enqueuer, jobs, quota);
        this.images = new ImageRoute(jobs, backends.results(), backends.blocking());
        this.resultUrls =
                new ResultUrls(new SigningKey(backends.redis()), config.s3().presignedFor(), clock, jobs, images);
        this.synchronousJobs =
                new SynchronousJobs(Contract.check(contract, "Submission"), submissions, waiter, images, resultUrls);
        this.webhookStore = new WebhookStore(backends.redis());
    }

    List<Route> routes() {
        return Stream.of(
                        jobs(),
                        uploads(),
                        events(),
                        models(),
                        webhooks(),
                        openAi(),
                        videos(),
                        a1111(),
                        access(),
                        monitoring())
                .flatMap(List::stream)
                .toList();
    }

    private List<Route> jobs() {
        SubmitRoute submit = new SubmitRoute(submissions, waiter, backends.results());
        JobRoutes others = new JobRoutes(jobs, backends.results(), backends.blocking());
        return Stream.concat(
                        Stream.of(submit.route(traces), images.route(), resultUrls.route()), others.routes().stream())
                .toList();
    }

    private List<Route> uploads() {
        return new UploadRoutes(uploads, config.uploads(), clock).routes();
    }

    private List<Route> events() {
        return new EventRoutes(
                        jobs, backends.events(), Contract.check(contract, "Command"), quota, keys, metrics, shutdown)
                .routes();
    }

    private List<Route> models() {
        return new CatalogRoutes(catalog, loras, embeddings, config.jobs(), config.uploads()).routes();
    }

    private List<Route> webhooks() {
        return List.of(new WebhookRoute(webhookStore).route());
    }

    private List<Route> openAi() {
        OpenAiAnswers answers = new OpenAiAnswers(synchronousJobs, backends.events());
        return new OpenAiRoute(synchronousJobs, answers, uploads)
                .routes(traces, config.gateway().maxBodyBytes(), config.uploads());
    }

    private List<Route> videos() {
        return new VideoRoutes(
                        synchronousJobs,
                        jobs,
                        images,
                        catalog,
                        uploads,
                        config.jobs().retention())
                .routes(traces, config.gateway().maxBodyBytes(), config.uploads());
    }

    private List<Route> a1111() {
        TenantSettings settings = new TenantSettings(backends.redis());
        Checkpoint checkpoint = new Checkpoint(settings, catalog);
        SdImageRoute generation = new SdImageRoute(synchronousJobs, catalog, checkpoint, uploads);
        SdExtras extras = new SdExtras(uploads, config.uploads());
        SdRoutes others = new SdRoutes(
                jobs,
                backends.events(),
                catalog,
                loras,
                embeddings,
                checkpoint,
                new RememberedOptions(settings),
                clock);
        return Stream.of(
                        generation.routes(traces, config.gateway().maxBodyBytes(), config.uploads()),
                        others.routes(),
                        extras.routes(config.gateway().maxBodyBytes()),
                        SdLookups.routes(config.gateway().maxBodyBytes(), config.uploads()))
                .flatMap(List::stream)
                .toList();
    }

    private List<Route> access() {
        return new SessionRoute(keys).routes();
    }

    private List<Route> monitoring() {
        StatsRoute stats = new StatsRoute(new Overview(backends.redis()), registry);
        HealthRoutes health =
                new HealthRoutes(backends.kafka(), backends.redis(), backends.results(), backends.blocking(), shutdown);
        return Stream.concat(Stream.of(stats.route()), health.routes().stream()).toList();
    }

    /** Runs what no request triggers. Each task never fails, and tries again the next time. */
    void startTasks(Vertx vertx, Resources started) {
        Dispatcher dispatcher = new Dispatcher(backends.store(), enqueuer, DelayedQueue.unpublished(backends.redis()));
        started.add(new DispatchSignal(backends.redis(), dispatcher::run));
        Housekeeping housekeeping = new Housekeeping(
                backends.store(),
                archive,
                DelayedQueue.deadlines(backends.redis()),
                DelayedQueue.trims(backends.redis()),
                DelayedQueue.retention(backends.redis()),
                registry);
        ExecutorService calls = Executors.newCachedThreadPool(
                Thread.ofPlatform().daemon().name("webhook-", 0).factory());
        started.add(calls::shutdownNow);
        Webhooks webhooks = new Webhooks(
                webhookStore,
                backends.store(),
                backends.results(),
                new WebhookClient(config.gateway().privateWebhooks(), clock, metrics),
                Webhooks.PAUSES,
                backends.blocking(),
                calls);
        every(DISPATCH_EVERY, vertx, dispatcher::run);
        every(EXPIRE_EVERY, vertx, housekeeping::expire);
        every(DELETE_EVERY, vertx, housekeeping::trim);
        every(DELETE_EVERY, vertx, housekeeping::forget);
        every(ADMIT_EVERY, vertx, housekeeping::admit);
        every(DELETE_EVERY, vertx, uploads::forget);
        every(WEBHOOKS_EVERY, vertx, webhooks::run);
        every(KEYS_EVERY, vertx, () -> backends.blocking().execute(keys::refresh));
    }

    private static void every(Duration period, Vertx vertx, Runnable task) {
        vertx.setPeriodic(period.toMillis(), timer -> task.run());
    }
}
