package io.ruido.worker;

import io.ruido.config.RuidoConfig;
import io.ruido.kafka.JobPublisher;
import io.ruido.kafka.Topics;
import io.ruido.redis.Redis;
import io.ruido.s3.ResultStore;
import java.io.IOException;
import java.util.List;

/** Clients of Redis, Kafka and S3, each of which has answered. */
record Connections(Redis redis, JobPublisher publisher, ResultStore results) implements AutoCloseable {
    /**
     * Connects to all three.
     *
     * @throws IOException when the object store does not answer
     * @throws IllegalStateException when Kafka or Redis does not answer
     */
    static Connections open(RuidoConfig config) throws IOException {
        Redis redis = Redis.connect(config.redis());
        try {
            Topics.create(config.kafka(), List.of());
            ResultStore results = new ResultStore(config.s3());
            results.createBucket();
            return new Connections(redis, new JobPublisher(config.kafka()), results);
        } catch (IOException | RuntimeException e) {
            redis.close();
            throw e;
        }
    }

    @Override
    public void close() {
        publisher.close();
        redis.close();
    }
}
