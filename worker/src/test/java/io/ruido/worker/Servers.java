package io.ruido.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.uuid.Generators;
import io.lettuce.core.RedisException;
import io.ruido.config.RuidoConfig;
import io.ruido.embedded.EmbeddedKafka;
import io.ruido.embedded.EmbeddedRedis;
import io.ruido.embedded.EmbeddedS3;
import io.ruido.job.Geometry;
import io.ruido.job.Hires;
import io.ruido.job.Job;
import io.ruido.job.JobEvent;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.Priority;
import io.ruido.job.PromptJob;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingParams;
import io.ruido.job.Source;
import io.ruido.job.Upload;
import io.ruido.job.Variation;
import io.ruido.kafka.JobPublisher;
import io.ruido.kafka.Topics;
import io.ruido.model.Golden;
import io.ruido.redis.Checkpoints;
import io.ruido.redis.EventStream;
import io.ruido.redis.JobStore;
import io.ruido.redis.Redis;
import io.ruido.s3.ResultStore;
import io.ruido.worker.models.Models;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;

/** Kafka, Redis and S3 of a test, and a client that does what the gateway does. */
final class Servers implements AutoCloseable {
    /** A tiny model with random weights. */
    static final String MODEL = "pipeline";

    /** One that no worker here serves. */
    static final String OTHER = "elsewhere";

    static final String SECRET = "secret-key";

    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final Path MODELS = Path.of("src/test/resources/golden");

    private final Path folder;
    private final EmbeddedKafka kafka;
    private EmbeddedRedis redisServer;
    private EmbeddedS3 s3;
    private final Map<String, String> settings = new HashMap<>();
    private final List<Process> processes = new ArrayList<>();
    private final Redis redis;
    private final JobPublisher publisher;
    final RuidoConfig config;
    final JobStore store;
    final ResultStore results;
    final EventStream events;

    private Servers(Path folder, Path models, String model, Map<String, String> more) throws IOException {
        this.folder = folder;
        Awaitility.setDefaultTimeout(Duration.ofMinutes(1)); // outlasts a busy machine
        kafka = EmbeddedKafka.start(folder.resolve("kafka"), 0);
        redisServer = EmbeddedRedis.start(folder.resolve("redis"), 0);
        s3 = EmbeddedS3.start(folder.resolve("s3"), 0, "access", SECRET);
        settings.putAll(kafka.settings());
        settings.putAll(redisServer.settings());
        settings.putAll(s3.settings());
        settings.put("ruido.worker.models", models.toAbsolutePath().toString());
        settings.put("ruido.worker.slots", "4");
        settings.put("ruido.worker.threads", "1");
        settings.put("ruido.worker.metrics-port", "0");
        settings.put("ruido.jobs.lease", "PT2S");
        settings.putAll(more);
        config = RuidoConfig.load(settings, Map.of(), Optional.empty());
        Topics.create(config.kafka(), List.of(model, OTHER));
        redis = Redis.connect(config.redis());
        publisher = new JobPublisher(config.kafka());
        store = new JobStore(redis, config.jobs().lease(), config.jobs().retention());
        results = new ResultStore(config.s3());
        results.createBucket();
        events = new EventStream(redis);
    }

    static Servers start(Path folder) throws IOException {
        return start(folder, MODELS, MODEL);
    }

    /** With another model, of a folder of models. */
    static Servers start(Path folder, Path models, String model) throws IOException {
        return start(folder, models, model, Map.of());
    }

    /** With further settings. */
    static Servers start(Path folder, Path models, String model, Map<String, String> settings) throws IOException {
        return new Servers(folder, models, model, settings);
    }

    /** With a copy of one model's folder, which has a folder of models for itself. */
    static Servers startWithCopy(Path folder, Path golden, String model) throws IOException {
        Path models = folder.resolve("models");
        Golden.copy(golden, models.resolve(model));
        return start(folder, models, model);
    }

    Worker worker() throws IOException {
        return Worker.start(config, Models.read(config.worker()));
    }

    /** A worker in a process of its own. */
    Process workerProcess() throws IOException {
        return workerProcess(config.worker().slots());
    }

    Process workerProcess(int slots) throws IOException {
        ProcessBuilder process = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Worker.class.getName());
        settings.forEach((name, value) ->
                process.environment().put(name.toUpperCase().replace('.', '_').replace('-', '_'), value));
        process.environment().put("RUIDO_WORKER_SLOTS", String.valueOf(slots));
        Process worker = process.inheritIO().start();
        processes.add(worker);
        return worker;
    }

    PromptJob submit(String prompt, int count, int steps, long seed) {
        return submit(prompt, count, params(steps, seed));
    }

    PromptJob submit(String prompt, int count, SamplingParams params) {
        PromptJob job = record(prompt, count, params);
        publish(job);
        return job;
    }

    PromptJob submit(SamplingParams params, Hires hires) {
        PromptJob job = new PromptJob(
                Generators.timeBasedEpochGenerator().generate(),
                "in two passes",
                "",
                1,
                params,
                Priority.INTERACTIVE,
                Instant.now(),
                null,
                hires);
        await(store.submit(job));
        publish(job);
        return job;
    }

    void publish(Job job) {
        await(publisher.publish(job));
    }

    static SamplingParams params(int steps, long seed) {
        return params(steps, seed, null, null);
    }

    static SamplingParams params(int steps, long seed, Variation variation, Source source) {
        return new SamplingParams(MODEL, Geometry.ofImage(32, 32), steps, 2, "ddim", seed, variation, source, null);
    }

    /** Puts a picture where the gateway does. */
    Upload upload(byte[] picture) throws IOException {
        Upload upload = new Upload("0".repeat(64), UUID.randomUUID(), 1, 1);
        results.putUpload(upload.object(), picture, "image/png");
        return upload;
    }

    /** A job that is known, but on no queue. */
    PromptJob record(String prompt, int count, int steps, long seed) {
        return record(prompt, count, params(steps, seed));
    }

    private PromptJob record(String prompt, int count, SamplingParams params) {
        UUID id = Generators.timeBasedEpochGenerator().generate();
        PromptJob job = new PromptJob(id, prompt, "", count, params, Priority.INTERACTIVE, Instant.now());
        await(store.submit(job));
        return job;
    }

    JobStatus status(UUID job) {
        return await(store.find(job)).orElseThrow();
    }

    JobStatus awaitState(UUID job, JobState state) {
        Awaitility.await("job " + job + " " + state)
                .atMost(TIMEOUT)
                .ignoreException(RedisException.class)
                .until(() -> status(job).state().terminal() || status(job).state() == state);
        assertThat(status(job)).extracting(JobStatus::state, JobStatus::error).startsWith(state);
        return status(job);
    }

    List<JobEvent> awaitFirstStep(PromptJob job) {
        List<JobEvent> events = watch(job.jobId());
        Awaitility.await("first step of " + job.jobId())
                .atMost(TIMEOUT)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> events.stream().anyMatch(JobEvent.Step.class::isInstance));
        return events;
    }

    /** Every event of a job so far and to come. */
    List<JobEvent> watch(UUID job) {
        List<JobEvent> seen = new CopyOnWriteArrayList<>();
        events.watch(job, 0, (event, json) -> seen.add(event));
        return seen;
    }

    /** Waits until a job has made this many steps. */
    static void awaitStep(List<JobEvent> events, int step) {
        Awaitility.await().pollInterval(Duration.ofMillis(10)).until(() -> steps(events).stream()
                .anyMatch(made -> made >= step));
    }

    /** No step was made again but those after the last checkpoint. */
    void assertResumed(List<JobEvent> events) {
        List<Integer> steps = steps(events);
        for (int i = 1; i < steps.size(); i++) {
            assertThat(steps.get(i))
                    .as("steps %s", steps)
                    .isGreaterThan(steps.get(i - 1) - config.worker().checkpointEvery());
        }
    }

    private static List<Integer> steps(List<JobEvent> events) {
        return events.stream()
                .filter(JobEvent.Step.class::isInstance)
                .map(event -> ((JobEvent.Step) event).step())
                .toList();
    }

    /** Of an unfinished image that no worker has. */
    void changeCheckpoint(SampleId sample, UnaryOperator<byte[]> change) {
        Checkpoints checkpoints = new Checkpoints(redis, Duration.ofHours(1));
        byte[] saved = await(checkpoints.get(sample)).orElseThrow();
        await(checkpoints.put(sample, change.apply(saved)));
    }

    byte[] picture(PromptJob job, int index) throws IOException {
        return results.get(status(job.jobId()).images().get(index).key()).orElseThrow();
    }

    void restartRedis(Duration away) {
        restartRedis(() -> Awaitility.await().pollDelay(away).until(() -> true));
    }

    void restartRedis(Runnable whileAway) {
        int port = URI.create(redisServer.uri()).getPort();
        redisServer.close();
        whileAway.run();
        redisServer = EmbeddedRedis.start(folder.resolve("redis"), port);
    }

    void restartS3(Duration away) {
        restartS3(away, SECRET);
    }

    /** @param secret another than {@link #SECRET} to have everybody refused */
    void restartS3(Duration away, String secret) {
        int port = s3.endpoint().getPort();
        s3.close();
        Awaitility.await().pollDelay(away).until(() -> true);
        s3 = EmbeddedS3.start(folder.resolve("s3"), port, "access", secret);
    }

    private static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException fault ? fault : new IllegalStateException(e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        processes.forEach(Process::destroyForcibly);
        publisher.close();
        events.close();
        redis.close();
        s3.close();
        redisServer.close();
        kafka.close();
    }
}
