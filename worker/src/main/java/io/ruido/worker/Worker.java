package io.ruido.worker;

import io.micrometer.core.instrument.Gauge;
import io.ruido.config.RuidoConfig;
import io.ruido.job.ModelCard;
import io.ruido.kafka.JobConsumer;
import io.ruido.kafka.JobPublisher;
import io.ruido.kafka.Topics;
import io.ruido.process.Background;
import io.ruido.process.Startup;
import io.ruido.redis.Checkpoints;
import io.ruido.redis.ConditioningCache;
import io.ruido.redis.JobStore;
import io.ruido.redis.ModelRegistry;
import io.ruido.redis.Redis;
import io.ruido.s3.ResultStore;
import io.ruido.telemetry.Metric;
import io.ruido.telemetry.Telemetry;
import io.ruido.worker.denoise.DenoiseLoop;
import io.ruido.worker.models.EmbeddingLibrary;
import io.ruido.worker.models.LoraLibrary;
import io.ruido.worker.models.Model;
import io.ruido.worker.models.Models;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes jobs from Kafka and runs them. This class creates and connects all parts of a worker. */
public final class Worker implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Worker.class);

    /** The number of renewals of an image's lease during the lease. */
    private static final int RENEWALS = 4;

    /**
     * The number of places in the batch per spare slot. Spare slots keep the batch full while images are decoded and
     * uploaded.
     */
    private static final int SPARE = 4;

    /** Time between two looks for a model. */
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);

    private final Models models;
    private final Connections connections;
    private final Retry retry = new Retry();
    private final Observer observer;
    private final DenoiseLoop loop;
    private final ProgressReporter progress;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("leases").factory());
    /** Separate from the executor that renews leases, which must not be delayed. */
    private final ScheduledExecutorService announcements = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("announcements").factory());

    private final List<JobConsumer> slots = new ArrayList<>();
    private final Presence presence;
    private final Optional<MetricsServer> metrics;

    private final Runnable last;

    private Worker(RuidoConfig config, Connections connections, Models models, Telemetry telemetry, Runnable last)
            throws IOException {
        String id = WorkerId.create();
        Redis redis = connections.redis();
        ResultStore results = connections.results();
        JobPublisher publisher = connections.publisher();
        int places = config.worker().slots();
        this.connections = connections;
        this.models = models;
        this.last = last;
        this.observer = new Observer(telemetry.metrics(), telemetry.tracer(), models.device());
        this.loop = DenoiseLoop.of(models, observer, places * models.all().size());
        Gauge.builder(Metric.ACTIVE_SAMPLES.meter(), loop, DenoiseLoop::active)
                .description(Metric.ACTIVE_SAMPLES.description())
                .register(telemetry.metrics());
        JobStore store =
                new JobStore(redis, config.jobs().lease(), config.jobs().retention());
        List<ModelCard> cards = models.all().stream().map(Model::card).toList();
        List<String> names = cards.stream().map(ModelCard::name).toList();
        Topics.create(config.kafka(), names);

        ConditioningCache cache = new ConditioningCache(redis, config.worker().conditioningTtl());
        SourceImages sources = new SourceImages(results, retry, config.uploads().maxPixels());
        LoraLibrary loras = LoraLibrary.open(config);
        EmbeddingLibrary embeddings = EmbeddingLibrary.open(config);
        TextStage text = new TextStage(models, sources, loras, embeddings, cache, retry);
        Checkpoints checkpoints = new Checkpoints(redis, config.worker().checkpointTtl());
        progress = new ProgressReporter(config.worker().checkpointEvery(), observer);
        Claims claims = new Claims(
                id, store, checkpoints, retry, clock, config.jobs().lease().dividedBy(RENEWALS));
        SampleFactory sampleFactory = new SampleFactory(claims, models, text, sources, loras, retry);
        Finisher finisher = new Finisher(store, results, models, retry, observer);
        JobConsumer.Handler promptStage = observer.watching(new PromptStage(store, publisher, text, retry, observer));
        JobConsumer.Handler samplingStage =
                observer.watching(new SamplingStage(claims, sampleFactory, loop, progress, finisher));
        JobConsumer.Undeliverable undeliverable = new UndeliverableJobs(store, retry, observer);

        // Started before the first slot takes a record, because its port may be in use.
        metrics = MetricsServer.start(config.worker(), telemetry.metrics(), redis, loop);
        names.forEach(model -> open(config, model, promptStage, samplingStage, undeliverable));

        Duration lease = config.jobs().lease();
        Presence.Offer offer = new Presence.Offer(cards, models.unavailable(), loras, embeddings);
        presence = new Presence(redis, id, places, offer, lease, observer, loop);
        retry.await(presence::announce);
        presence.keep(announcements, lease.dividedBy(RENEWALS));
        log.info("worker {} serves {} with {} slots", id, names, slots.size());
    }

    /** Opens the slots of one model. */
    private void open(
            RuidoConfig config,
            String model,
            JobConsumer.Handler promptStage,
            JobConsumer.Handler samplingStage,
            JobConsumer.Undeliverable undeliverable) {
        int places = config.worker().slots();
        slots.addAll(JobConsumer.open(
                config.kafka(),
                Topics.prompt(model),
                config.worker().promptSlots(),
                connections.publisher(),
                promptStage,
                undeliverable));
        slots.addAll(JobConsumer.open(
                config.kafka(),
                Topics.sampling(model),
                places + Math.ceilDiv(places, SPARE),
                connections.publisher(),
                samplingStage,
                undeliverable));
    }

    /**
     * Reads the models, connects to the servers meanwhile, and begins to take jobs as soon as there is a model that can
     * be served.
     *
     * @throws IOException when the object store or the bucket of models cannot be reached
     * @throws IllegalStateException when Kafka or Redis does not answer
     */
    public static Worker start(RuidoConfig config) throws IOException {
        Background<Connections> connecting = Background.start("connect", () -> connect(config));
        Models models;
        try {
            models = Models.fetchAndRead(config);
        } catch (IOException | RuntimeException e) {
            close(connecting, e);
            throw e;
        }
        Connections connections;
        try {
            connections = connecting.await();
        } catch (IOException | RuntimeException e) {
            models.close();
            throw e;
        }
        return start(config, connections, models);
    }

    /** Closes the connections of a start that failed for another reason, which is the one to report. */
    private static void close(Background<Connections> connecting, Exception reason) {
        try {
            connecting.await().close();
        } catch (IOException | RuntimeException e) {
            reason.addSuppressed(e);
        }
    }

    /** Logs a failure at once, because the models may have to be downloaded before the worker ends with it. */
    private static Connections connect(RuidoConfig config) throws IOException {
        try {
            return Connections.open(config);
        } catch (IOException | RuntimeException e) {
            log.error("cannot connect ({}); the worker will exit when its models are read", e.getMessage());
            throw e;
        }
    }

    /**
     * Starts a worker like {@link #start(RuidoConfig)}.
     *
     * @param models that it serves, and closes in the end
     */
    public static Worker start(RuidoConfig config, Models models) throws IOException {
        return start(config, Connections.open(config), models);
    }

    private static Worker start(RuidoConfig config, Connections connections, Models models) throws IOException {
        Telemetry telemetry = new Telemetry(config.tracing(), "ruido-worker");
        return start(config, connections, models, telemetry, telemetry::close);
    }

    /**
     * Starts a worker like {@link #start(RuidoConfig)}.
     *
     * @param models that it serves, and closes in the end
     * @param telemetry of the process
     */
    public static Worker start(RuidoConfig config, Models models, Telemetry telemetry) throws IOException {
        return start(config, Connections.open(config), models, telemetry, () -> {});
    }

    private static Worker start(
            RuidoConfig config, Connections connections, Models models, Telemetry telemetry, Runnable last)
            throws IOException {
        try {
            return new Worker(config, connections, awaitModel(config, connections, models), telemetry, last);
        } catch (IOException | RuntimeException e) {
            connections.close();
            throw e;
        }
    }

    /** Looks for models again while none can be served, and reports the reason to clients meanwhile. */
    private static Models awaitModel(RuidoConfig config, Connections connections, Models models) throws IOException {
        ModelRegistry registry = new ModelRegistry(connections.redis());
        Models latest = models;
        try {
            while (latest.isEmpty()) {
                log.error(
                        "no model in {} can be served; looking again every {} s",
                        config.worker().models().toAbsolutePath(),
                        LOOK_AGAIN.toSeconds());
                registry.announceUnavailable(latest.unavailable(), LOOK_AGAIN.multipliedBy(2))
                        .exceptionally(error -> {
                            log.warn("cannot announce the unavailable models: {}", error.toString());
                            return null;
                        });
                Thread.sleep(LOOK_AGAIN);
                latest.close();
                latest = Models.fetchAndRead(config);
            }
            return latest;
        } catch (InterruptedException e) {
            throw new InterruptedIOException("stopped while it waited for a model");
        }
    }

    /** Returns the port of the metrics, if one is configured. */
    Optional<Integer> metricsPort() {
        return metrics.map(MetricsServer::port);
    }

    /** Finishes the current step, returns unfinished images to the queue, and stops. */
    @Override
    public void close() {
        log.info("worker is shutting down; returning unfinished images to the queue");
        metrics.ifPresent(MetricsServer::close);
        presence.leave();
        // Stop the slots before images are returned. Otherwise a slot could take one again, and Kafka counts
        // deliveries.
        slots.forEach(JobConsumer::stop);
        slots.forEach(JobConsumer::awaitStopped);
        loop.close();
        retry.close();
        slots.forEach(JobConsumer::close);
        progress.close();
        clock.shutdownNow();
        announcements.shutdownNow();
        connections.close();
        models.close();
        last.run();
    }

    /**
     * Runs a worker until a signal stops it. The settings come from the environment and from the file named by the
     * argument.
     */
    public static void main(String[] arguments) {
        Startup.run("worker", arguments, Worker::start);
    }
}
