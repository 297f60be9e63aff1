package io.ruido.bench;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.ruido.config.RuidoConfig;
import io.ruido.job.JobJson;
import io.ruido.job.ModelCard;
import io.ruido.job.Priority;
import io.ruido.job.PromptJob;
import io.ruido.kafka.KafkaClients;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Measures how many jobs per second the gateway accepts over HTTP, and how many a program can write that only sends the
 * same bytes to Redis and Kafka concurrently, with the same number of jobs in flight.
 */
final class AcceptanceBench implements AutoCloseable {
    private static final String TOPIC = "ruido.bench";
    private static final Duration TIMEOUT = Duration.ofSeconds(120);
    private static final int PORTION = 200;
    private static final String PROMPT = "a red apple on a wooden table, soft light";

    private final BenchClient client;
    private final ModelCard card;
    private final int concurrency;
    private final KafkaProducer<String, byte[]> producer;
    private final RedisClient redisClient;
    private final RedisAsyncCommands<String, String> redis;

    AcceptanceBench(RuidoConfig config, BenchClient client, ModelCard card, int concurrency) throws Exception {
        this.client = client;
        this.card = card;
        this.concurrency = concurrency;
        Map<String, Object> kafka = new HashMap<>(KafkaClients.common(config.kafka()));
        try (Admin admin = Admin.create(kafka)) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
        }
        kafka.put("acks", "all");
        kafka.put("linger.ms", 0);
        this.producer = new KafkaProducer<>(kafka, new StringSerializer(), new ByteArraySerializer());
        this.redisClient = RedisClient.create(config.redis().uri().orElseThrow());
        this.redis = redisClient.connect().async();
    }

    /** Jobs per second. */
    record Rates(double gateway, double bare) {
        double ratio() {
            return gateway / bare;
        }
    }

    /** Alternates in small portions, so that other load on the machine affects both equally. */
    Rates round(int jobs) throws Exception {
        double gateway = 0;
        double bare = 0;
        for (int begin = 0; begin < jobs; begin += PORTION) {
            int portion = Math.min(PORTION, jobs - begin);
            gateway += seconds(portion, gatewayJob());
            bare += seconds(portion, bareJob());
        }
        return new Rates(jobs / gateway, jobs / bare);
    }

    private Supplier<CompletionStage<?>> gatewayJob() {
        String body = BenchClient.submission(PROMPT, card.defaults().steps());
        return () -> client.submit(body);
    }

    private Supplier<CompletionStage<?>> bareJob() {
        PromptJob job =
                new PromptJob(UUID.randomUUID(), PROMPT, "", 1, card.defaults(), Priority.INTERACTIVE, Instant.now());
        String json = JobJson.write(job);
        byte[] bytes = JobJson.writeBytes(job);
        return () -> {
            String id = UUID.randomUUID().toString();
            return redis.set("bench:" + id, json).thenCombine(send(id, bytes), (recorded, sent) -> sent);
        };
    }

    private CompletionStage<Void> send(String id, byte[] job) {
        CompletableFuture<Void> sent = new CompletableFuture<>();
        producer.send(new ProducerRecord<>(TOPIC, id, job), (metadata, error) -> {
            if (error == null) {
                sent.complete(null);
            } else {
                sent.completeExceptionally(error);
            }
        });
        return sent;
    }

    private double seconds(int jobs, Supplier<CompletionStage<?>> one) throws Exception {
        Semaphore free = new Semaphore(concurrency);
        AtomicReference<Throwable> fault = new AtomicReference<>();
        long begin = System.nanoTime();
        for (int i = 0; i < jobs; i++) {
            acquire(free, 1);
            one.get().whenComplete((done, error) -> {
                fault.compareAndSet(null, error);
                free.release();
            });
        }
        acquire(free, concurrency);
        if (fault.get() != null) {
            throw new IllegalStateException("a job was not accepted: " + fault.get(), fault.get());
        }
        return (System.nanoTime() - begin) / 1e9;
    }

    private static void acquire(Semaphore free, int permits) throws InterruptedException {
        if (!free.tryAcquire(permits, TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
            throw new IllegalStateException("no answer for " + TIMEOUT.toSeconds() + " s");
        }
    }

    @Override
    public void close() {
        producer.close();
        redisClient.shutdown();
    }
}
