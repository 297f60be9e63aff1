package io.ruido.kafka;

import io.ruido.config.RuidoConfig.KafkaConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;

/** What all clients of Kafka here have in common. */
final class KafkaClients {
    private KafkaClients() {}

    static Map<String, Object> common(KafkaConfig config) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(
                CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG,
                config.bootstrapServers()
                        .orElseThrow(() -> new IllegalArgumentException("ruido.kafka.bootstrap-servers must be set")));
        settings.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, (int)
                config.timeout().toMillis());
        settings.put(
                CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG,
                (int) config.timeout().toMillis() * 2);
        settings.put(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, 1_000L);
        settings.put(CommonClientConfigs.ENABLE_METRICS_PUSH_CONFIG, false);
        settings.put(CommonClientConfigs.METRIC_REPORTER_CLASSES_CONFIG, List.of()); // Nobody asks for them over JMX.
        return settings;
    }
}
