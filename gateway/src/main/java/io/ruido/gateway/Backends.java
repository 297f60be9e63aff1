package io.ruido.gateway;

import io.ruido.config.RuidoConfig;
import io.ruido.kafka.JobPublisher;
import io.ruido.kafka.KafkaProbe;
import io.ruido.kafka.Topics;
import io.ruido.process.Background;
import io.ruido.redis.EventStream;
import io.ruido.redis.JobStore;
import io.ruido.redis.Redis;
import io.ruido.s3.ResultStore;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Clients of Kafka, Redis and S3, and the threads for calls that block.
 *
 * @param blocking a virtual thread for each call
 * @param decoding few threads: each may need memory for an image of the maximum size
 */
record Backends(
        Redis redis,
        JobStore store,
        EventStream events,
        JobPublisher publisher,
        KafkaProbe kafka,
        ResultStore results,
        Executor blocking,
        Executor decoding) {
    private static final int DECODERS = 2;

    /**
     * Connects to all three at the same time.
     *
     * @param started collects everything that has to be closed, in the order of the start
     * @throws IOException when the object store does not answer
     * @throws IllegalStateException when Kafka or Redis does not answer
     */
    static Backends connect(RuidoConfig config, Resources started) throws IOException {
        ExecutorService blocking = Executors.newVirtualThreadPerTaskExecutor();
        started.add(blocking::shutdownNow);
        ExecutorService decoding = Executors.newFixedThreadPool(
                DECODERS, Thread.ofPlatform().name("decode-", 0).factory());
        started.add(decoding::shutdownNow);
        Background<Redis> connectingRedis =
                Background.start("connect-redis", () -> started.add(Redis.connect(config.redis())));
        Background<JobPublisher> connectingKafka = Background.start("connect-kafka", () -> {
            Topics.create(config.kafka(), List.of());
            return started.add(new JobPublisher(config.kafka()));
        });
        Background<ResultStore> connectingS3 = Background.start("connect-s3", () -> {
            ResultStore store = new ResultStore(config.s3());
            store.createBucket();
            return store;
        });
        Redis redis = connectingRedis.await();
        JobPublisher publisher = connectingKafka.await();
        KafkaProbe kafka = started.add(new KafkaProbe(config.kafka()));
        ResultStore results = connectingS3.await();
        JobStore store =
                new JobStore(redis, config.jobs().lease(), config.jobs().retention());
        EventStream events = started.add(new EventStream(redis));
        return new Backends(redis, store, events, publisher, kafka, results, blocking, decoding);
    }
}
