package io.ruido.gateway;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.ruido.config.RuidoConfig;
import io.ruido.embedded.EmbeddedKafka;
import io.ruido.embedded.EmbeddedRedis;
import io.ruido.embedded.EmbeddedS3;
import io.ruido.job.Job;
import io.ruido.job.ModelCard;
import io.ruido.job.SamplingParams;
import io.ruido.kafka.Acknowledgement;
import io.ruido.kafka.JobConsumer;
import io.ruido.kafka.JobPublisher;
import io.ruido.kafka.Topics;
import io.ruido.redis.JobStore;
import io.ruido.redis.ModelRegistry;
import io.ruido.redis.Redis;
import io.ruido.s3.ResultStore;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Real Kafka, Redis and S3 on free ports, a gateway on them, and what a worker needs to be played by a test. */
public final class Services implements BeforeAllCallback, AfterAllCallback {
    public static final ModelCard APPLES = card("apples", 64);
    public static final ModelCard PEARS = card("pears", 32);

    private final Map<String, String> settings;
    private final int slots;
    private final String maxMemory;
    private Path folder;
    public EmbeddedKafka kafka;
    public EmbeddedRedis redis;
    public EmbeddedS3 s3;
    public RuidoConfig config;
    public Redis connection;
    public JobStore store;
    public Worker worker;
    public Gateway gateway;
    public Client client;

    /** @param settings of the gateway, on top of the addresses */
    public Services(Map<String, String> settings) {
        this(settings, 10_000);
    }

    /** @param slots of the worker that is played: jobs wait while it has none */
    public Services(Map<String, String> settings, int slots) {
        this(settings, slots, "0");
    }

    /** @param maxMemory of Redis, such as {@code 40mb}; 0 for no maximum */
    public Services(Map<String, String> settings, int slots, String maxMemory) {
        this.settings = settings;
        this.slots = slots;
        this.maxMemory = maxMemory;
    }

    private static ModelCard card(String name, int multiple) {
        SamplingParams defaults = new SamplingParams(name, 128, 128, 20, 4.5, "ddim", 0);
        List<ModelCard.Sampler> samplers =
                List.of(new ModelCard.Sampler("ddim", "DDIM"), new ModelCard.Sampler("euler", "Euler"));
        return new ModelCard(name, name, "for tests", "MIT", multiple, 512, multiple, defaults, samplers);
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        folder = Files.createTempDirectory("ruido-gateway");
        Awaitility.setDefaultTimeout(Duration.ofMinutes(1)); // outlasts a busy machine
        kafka = EmbeddedKafka.start(folder.resolve("kafka"), 0);
        redis = EmbeddedRedis.start(folder.resolve("redis"), 0, maxMemory);
        s3 = EmbeddedS3.start(folder.resolve("s3"), 0);
        config = configure(settings);
        connection = Redis.connect(config.redis());
        store = new JobStore(connection, config.jobs().lease(), config.jobs().retention());
        worker = new Worker(store, new ResultStore(config.s3()));
        Topics.create(config.kafka(), List.of(APPLES.name(), PEARS.name()));
        new ModelRegistry(connection)
                .serve("test", slots, List.of(APPLES, PEARS), Duration.ofHours(1))
                .toCompletableFuture()
                .join();
        gateway = Gateway.start(config);
        client = new Client(URI.create("http://127.0.0.1:" + gateway.port()));
    }

    private RuidoConfig configure(Map<String, String> more) throws IOException {
        Map<String, String> all = new HashMap<>(Map.of("ruido.gateway.port", "0"));
        all.putAll(kafka.settings());
        all.putAll(redis.settings());
        all.putAll(s3.settings());
        all.putAll(more);
        return RuidoConfig.load(all, Map.of(), Optional.empty());
    }

    /** Takes prompt jobs from Kafka and notes their ids. */
    public JobConsumer slot(JobPublisher publisher, Collection<UUID> taken) {
        return JobConsumer.open(
                        config.kafka(),
                        Topics.prompt(APPLES.name()),
                        1,
                        publisher,
                        job -> {
                            taken.add(job.jobId());
                            return new Acknowledgement.Accept();
                        },
                        new JobConsumer.Undeliverable() {
                            @Override
                            public int begun(Job job) {
                                return 0;
                            }

                            @Override
                            public void onUndeliverable(String jobId, String reason) {
                                throw new AssertionError("job " + jobId + ": " + reason);
                            }
                        })
                .getFirst();
    }

    /** In place of one that was closed. */
    public void restartGateway() throws Exception {
        client.close();
        gateway = Gateway.start(config);
        client = new Client(URI.create("http://127.0.0.1:" + gateway.port()));
    }

    /** As if a job had ended a while ago. */
    public void letTrim(UUID id) {
        try (RedisClient own = RedisClient.create(redis.uri());
                StatefulRedisConnection<String, String> asking = own.connect()) {
            asking.sync().zadd("ruido:trims", 0, id.toString());
        }
    }

    /** What Redis says of itself. */
    public String redisInfo(String section) {
        try (RedisClient own = RedisClient.create(redis.uri());
                StatefulRedisConnection<String, String> asking = own.connect()) {
            return asking.sync().info(section);
        }
    }

    public void stopKafka() {
        kafka.close();
    }

    public void startKafka() {
        kafka = EmbeddedKafka.start(folder.resolve("kafka"), port("//" + kafka.bootstrapServers()));
    }

    public void stopRedis() {
        redis.close();
    }

    public void startRedis() {
        redis = EmbeddedRedis.start(folder.resolve("redis"), port(redis.uri()));
    }

    public void stopS3() {
        s3.close();
    }

    public void startS3() {
        int port = config.s3().endpoint().orElseThrow().getPort();
        s3 = EmbeddedS3.start(folder.resolve("s3"), port);
    }

    private static int port(String address) {
        return URI.create(address).getPort();
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        gateway.close();
        client.close();
        connection.close();
        s3.close();
        redis.close();
        kafka.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
