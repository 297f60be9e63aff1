package io.ruido.kafka;

import io.ruido.config.RuidoConfig.KafkaConfig;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;

/** Checks whether Kafka is available. */
public final class KafkaProbe implements AutoCloseable {
    private final Admin admin;
    private final DescribeClusterOptions options;

    public KafkaProbe(KafkaConfig config) {
        this.admin = Admin.create(KafkaClients.common(config));
        this.options =
                new DescribeClusterOptions().timeoutMs((int) config.timeout().toMillis());
    }

    /** Completes when a broker has answered, and fails after the configured timeout at the latest. */
    public CompletionStage<Void> ping() {
        return admin.describeCluster(options).clusterId().toCompletionStage().thenAccept(id -> {});
    }

    @Override
    public void close() {
        admin.close(Duration.ofSeconds(1));
    }
}
