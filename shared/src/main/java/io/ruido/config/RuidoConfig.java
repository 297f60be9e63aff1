package io.ruido.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All settings, read once at the start. {@code ruido.gateway.port} in the file is {@code RUIDO_GATEWAY_PORT} in the
 * environment, which wins over the file.
 */
@ConfigMapping(prefix = "ruido")
public interface RuidoConfig {
    /** The data folder of one-process Ruido; {@code .ruido} in the folder RUIDO_HOME when absent. */
    Path dataDir();

    /** PEM file with certificate authorities that are trusted besides the JDK's, by every client of the process. */
    Optional<Path> trustedCertificates();

    KafkaConfig kafka();

    RedisConfig redis();

    S3Config s3();

    GatewayConfig gateway();

    WorkerConfig worker();

    JobsConfig jobs();

    UploadsConfig uploads();

    StandaloneConfig standalone();

    TracingConfig tracing();

    LoggingConfig logging();

    /** Limits of jobs, and how long they are kept. */
    interface JobsConfig {
        @WithDefault("150")
        @WithConverter(Converters.Positive.class)
        int maxSteps();

        @WithDefault("16")
        @WithConverter(Converters.Positive.class)
        int maxCount();

        /** The maximum length in characters. */
        @WithDefault("2000")
        @WithConverter(Converters.Positive.class)
        int maxPromptLength();

        /** The maximum number of a tenant's jobs that wait for one model. */
        @WithDefault("10000")
        @WithConverter(Converters.Positive.class)
        int maxQueued();

        /** The time for which a finished job and its images are kept. */
        @WithDefault("P7D")
        @WithConverter(Converters.PositiveDuration.class)
        Duration retention();

        /** The time for which a client can repeat an Idempotency-Key. */
        @WithDefault("P1D")
        @WithConverter(Converters.PositiveDuration.class)
        Duration idempotencyTtl();

        /** The time after which another worker can take an image whose lease was not renewed. */
        @WithDefault("PT10S")
        @WithConverter(Converters.PositiveDuration.class)
        Duration lease();
    }

    /** Limits of uploaded images. */
    interface UploadsConfig {
        @WithDefault("10485760")
        @WithConverter(Converters.Positive.class)
        int maxBytes();

        /** The maximum number of pixels. Decoding takes about eight bytes of memory per pixel. */
        @WithDefault("16777216")
        @WithConverter(Converters.Positive.class)
        int maxPixels();

        /** The maximum total size of a tenant's uploads. */
        @WithDefault("10737418240")
        @WithConverter(Converters.PositiveLong.class)
        long maxStoredBytes();

        /** The maximum number of a tenant's uploads. */
        @WithDefault("10000")
        @WithConverter(Converters.Positive.class)
        int maxStoredPictures();

        /** The time for which an upload is kept after it was last sent or used by a job. */
        @WithDefault("P8D")
        @WithConverter(Converters.PositiveDuration.class)
        Duration retention();
    }

    /**
     * Kafka's address and credentials. The address may be absent only in one-process Ruido, which starts its own
     * servers.
     */
    interface KafkaConfig {
        Optional<String> bootstrapServers();

        /** Kafka's security protocol: PLAINTEXT, SASL_PLAINTEXT, SSL or SASL_SSL. */
        @WithDefault("PLAINTEXT")
        @WithConverter(Converters.SecurityProtocol.class)
        String securityProtocol();

        /** The SASL mechanism, if the security protocol uses SASL. */
        @WithDefault("SCRAM-SHA-512")
        @WithConverter(Converters.SaslMechanism.class)
        String saslMechanism();

        Optional<String> username();

        Optional<String> password();

        /** PEM file with this client's certificate, for mutual TLS. */
        Optional<Path> tlsCertificate();

        /** PEM file with that certificate's private key. */
        Optional<Path> tlsKey();

        /** The replication factor of each topic that is created. */
        @WithDefault("1")
        @WithConverter(Converters.Positive.class)
        int replicationFactor();

        @WithDefault("PT5S")
        @WithConverter(Converters.PositiveDuration.class)
        Duration timeout();
    }

    interface RedisConfig {
        /**
         * The URI of Redis, such as {@code rediss://host:6379/0} for TLS or {@code
         * redis-sentinel://host1,host2/0#mymaster}.
         */
        Optional<String> uri();

        /** The user of Redis, used only with the password set here; Redis's default user when absent. */
        Optional<String> username();

        /** The password of Redis; overrides the one in the URI. */
        Optional<String> password();

        /** The password of the sentinels, if they require one. */
        Optional<String> sentinelPassword();

        @WithDefault("PT2S")
        @WithConverter(Converters.PositiveDuration.class)
        Duration timeout();
    }

    interface S3Config {
        Optional<URI> endpoint();

        /** The address at which clients reach S3, for presigned URLs; the endpoint when absent. */
        Optional<URI> publicEndpoint();

        /** The source of the keys. */
        enum Credentials {
            /** The settings {@code access-key} and {@code secret-key}. */
            keys,
            /** A credentials file in AWS's format, which is read at each call. */
            file,
            /**
             * The role of the pod, container or machine, found as AWS's SDKs do; its credentials are renewed before
             * they expire.
             */
            role
        }

        @WithDefault("keys")
        Credentials credentials();

        /** A credentials file in AWS's format; {@code ~/.aws/credentials} when absent. */
        Optional<Path> credentialsFile();

        /** The section of the credentials file. */
        @WithDefault("default")
        String credentialsProfile();

        /** The access key. The embedded server creates a secret key of its own. */
        Optional<String> accessKey();

        @WithConverter(Converters.SecretKey.class)
        Optional<String> secretKey();

        @WithDefault("us-east-1")
        String region();

        @WithDefault("ruido")
        String bucket();

        @WithDefault("PT5S")
        @WithConverter(Converters.PositiveDuration.class)
        Duration timeout();

        @WithDefault("PT1H")
        @WithConverter(Converters.PositiveDuration.class)
        Duration presignedFor();
    }

    interface GatewayConfig {
        @WithDefault("127.0.0.1")
        String host();

        /** The port of the gateway; 0 takes a free one. */
        @WithDefault("8080")
        @WithConverter(Converters.Port.class)
        int port();

        @WithDefault("65536")
        @WithConverter(Converters.Positive.class)
        int maxBodyBytes();

        /** The time within which a request's body must arrive, whatever its size. */
        @WithDefault("PT1M")
        @WithConverter(Converters.PositiveDuration.class)
        Duration bodyTimeout();

        /** The model of jobs that name none; the first by name when absent. */
        Optional<String> defaultModel();

        /** Other names for models, in the form {@code alias=model}. */
        Optional<List<@WithConverter(Converters.Alias.class) String>> modelAliases();

        /** YAML file with API keys; without one, anyone who can reach the gateway may use it. */
        Optional<Path> apiKeys();

        /**
         * Origins of pages on other hosts whose scripts may make all calls and read the responses, such as {@code
         * https://example.org}.
         */
        Optional<List<String>> allowedOrigins();

        /** Host names of the gateway in addition to those of loopback, if it requires no key. */
        Optional<List<String>> allowedHosts();

        /** Whether webhooks may call addresses that are not public. */
        @WithDefault("false")
        boolean privateWebhooks();

        /**
         * Whether {@code X-Forwarded-Proto}, {@code -Host} and {@code -For} are trusted. Only for gateways behind a
         * proxy that sets them.
         */
        @WithDefault("false")
        boolean proxyHeaders();

        /** PEM file with the certificate chain; the gateway serves HTTPS when certificate and key are set. */
        Optional<Path> tlsCertificate();

        /** PEM file with the certificate's private key. */
        Optional<Path> tlsKey();
    }

    /** Ports of the servers that one-process Ruido starts; 0 takes a free one. */
    interface StandaloneConfig {
        @WithDefault("0")
        @WithConverter(Converters.Port.class)
        int kafkaPort();

        @WithDefault("0")
        @WithConverter(Converters.Port.class)
        int redisPort();

        @WithDefault("0")
        @WithConverter(Converters.Port.class)
        int s3Port();
    }

    /** Traces of jobs, for an OpenTelemetry collector or another receiver of OTLP. */
    interface TracingConfig {
        /** The OTLP endpoint, such as {@code http://localhost:4318/v1/traces}; tracing is off when absent. */
        Optional<URI> endpoint();

        /** Share of jobs to trace, of those whose clients do not decide it. */
        @WithDefault("1.0")
        @WithConverter(Converters.Share.class)
        double sampled();

        @WithDefault("PT5S")
        @WithConverter(Converters.PositiveDuration.class)
        Duration timeout();
    }

    interface LoggingConfig {
        /** Whether each line is a JSON object. */
        @WithDefault("false")
        boolean json();
    }

    /**
     * Loads the settings.
     *
     * @param overrides settings that override all others
     * @param environment the process's environment variables; RUIDO_HOME, the installation folder, is the working
     *     directory when absent
     * @param file properties file, or none
     * @throws io.smallrye.config.ConfigValidationException naming every wrong setting at once
     */
    static RuidoConfig load(Map<String, String> overrides, Map<String, String> environment, Optional<Path> file)
            throws IOException {
        Path home = Path.of(environment.getOrDefault("RUIDO_HOME", ""));
        SmallRyeConfigBuilder builder = new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withSources(new PropertiesConfigSource(overrides, "command line", 400))
                .withSources(new EnvConfigSource(environment, 300))
                .withDefaultValue("ruido.data-dir", home.resolve(".ruido").toString())
                .withDefaultValue("ruido.worker.models", home.resolve("models").toString())
                .withMapping(RuidoConfig.class);
        if (file.isPresent()) {
            builder.withSources(new PropertiesConfigSource(file.get().toUri().toURL(), 200));
        }
        return builder.build().getConfigMapping(RuidoConfig.class);
    }
}
