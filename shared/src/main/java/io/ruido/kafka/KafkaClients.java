package io.ruido.kafka;

import io.ruido.config.RuidoConfig.KafkaConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.security.plain.PlainLoginModule;
import org.apache.kafka.common.security.scram.ScramLoginModule;

/** Properties that all Kafka clients share: addresses, security and timeouts. */
public final class KafkaClients {
    private KafkaClients() {}

    /**
     * Returns the shared properties.
     *
     * @throws IllegalArgumentException naming the setting that is missing
     */
    public static Map<String, Object> common(KafkaConfig config) {
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
        settings.put(CommonClientConfigs.METRIC_REPORTER_CLASSES_CONFIG, List.of()); // no metrics over JMX
        settings.put(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, config.securityProtocol());
        if (config.securityProtocol().startsWith("SASL")) {
            settings.put(SaslConfigs.SASL_MECHANISM, config.saslMechanism());
            settings.put(SaslConfigs.SASL_JAAS_CONFIG, login(config));
        }
        settings.putAll(clientCertificate(config));
        return settings;
    }

    private static String login(KafkaConfig config) {
        Class<?> module = config.saslMechanism().equals("PLAIN") ? PlainLoginModule.class : ScramLoginModule.class;
        return "%s required username=%s password=%s;"
                .formatted(
                        module.getName(),
                        quoted("ruido.kafka.username", config.username()),
                        quoted("ruido.kafka.password", config.password()));
    }

    private static String quoted(String setting, Optional<String> value) {
        String text = value.orElseThrow(() ->
                new IllegalArgumentException(setting + " must be set where ruido.kafka.security-protocol uses SASL"));
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static Map<String, Object> clientCertificate(KafkaConfig config) {
        if (config.tlsCertificate().isPresent() != config.tlsKey().isPresent()) {
            throw new IllegalArgumentException(
                    "ruido.kafka.tls-certificate and ruido.kafka.tls-key must be set together");
        }
        return config.tlsCertificate()
                .<Map<String, Object>>map(certificate -> Map.of(
                        SslConfigs.SSL_KEYSTORE_TYPE_CONFIG,
                        "PEM",
                        SslConfigs.SSL_KEYSTORE_CERTIFICATE_CHAIN_CONFIG,
                        text("ruido.kafka.tls-certificate", certificate),
                        SslConfigs.SSL_KEYSTORE_KEY_CONFIG,
                        text("ruido.kafka.tls-key", config.tlsKey().orElseThrow())))
                .orElse(Map.of());
    }

    private static String text(String setting, Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException("%s: cannot read %s".formatted(setting, file), e);
        }
    }
}
