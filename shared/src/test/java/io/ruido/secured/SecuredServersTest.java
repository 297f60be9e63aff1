package io.ruido.secured;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.lettuce.core.RedisClient;
import io.ruido.config.RuidoConfig;
import io.ruido.config.TrustedCertificates;
import io.ruido.embedded.EmbeddedKafka;
import io.ruido.embedded.EmbeddedRedis;
import io.ruido.embedded.EmbeddedS3;
import io.ruido.kafka.Topics;
import io.ruido.redis.Redis;
import io.ruido.s3.ResultStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Servers that ask who is there, behind certificates of an authority that only the settings know. */
class SecuredServersTest {
    /** JAAS' quotes and escapes, which a password may have. */
    private static final String PASSWORD = "se\"cr\\et;";

    private static final List<String> TRUST =
            List.of("javax.net.ssl.trustStore", "javax.net.ssl.trustStoreType", "javax.net.ssl.trustStorePassword");

    private static TestAuthority authority;
    private static EmbeddedKafka kafka;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        authority = TestAuthority.create(folder);
        TrustedCertificates.install(authority.certificate());
        String login = "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"broker\""
                + " password=\"broker\" user_broker=\"broker\" user_ruido=\"se\\\"cr\\\\et;\";";
        Map<String, String> secured = new HashMap<>();
        secured.put("listener.security.protocol.map", "CLIENT:SASL_SSL,CONTROLLER:SASL_PLAINTEXT");
        secured.put("listener.name.client.sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512");
        secured.put("sasl.mechanism.inter.broker.protocol", "PLAIN");
        secured.put("listener.name.client.plain.sasl.jaas.config", login);
        for (String mechanism : List.of("scram-sha-256", "scram-sha-512")) {
            secured.put(
                    "listener.name.client.%s.sasl.jaas.config".formatted(mechanism),
                    "org.apache.kafka.common.security.scram.ScramLoginModule required;");
        }
        secured.put("ssl.keystore.type", "PKCS12");
        secured.put("ssl.keystore.location", authority.keyStore().toString());
        secured.put("ssl.keystore.password", TestAuthority.PASSWORD);
        kafka = EmbeddedKafka.start(folder.resolve("kafka"), 0, secured);
    }

    @AfterAll
    static void stop() {
        kafka.close();
        TRUST.forEach(System::clearProperty);
    }

    private static RuidoConfig config(Map<String, String> settings) throws IOException {
        return RuidoConfig.load(settings, Map.of(), Optional.empty());
    }

    private static Map<String, String> kafkaAs(String mechanism, String user, String password) {
        return Map.of(
                "ruido.kafka.bootstrap-servers", kafka.bootstrapServers(),
                "ruido.kafka.security-protocol", "SASL_SSL",
                "ruido.kafka.sasl-mechanism", mechanism,
                "ruido.kafka.username", user,
                "ruido.kafka.password", password);
    }

    @Test
    void kafkaIsUsedByTlsWithAPassword() throws Exception {
        Topics.create(config(kafkaAs("PLAIN", "ruido", PASSWORD)).kafka(), List.of("apples"));
    }

    @ParameterizedTest
    @CsvSource({"SCRAM-SHA-256, SCRAM_SHA_256", "SCRAM-SHA-512, SCRAM_SHA_512"})
    void kafkaIsUsedWithAHashedPassword(String mechanism, ScramMechanism kind) throws Exception {
        try (Admin admin = Admin.create(
                Map.of(
                        "bootstrap.servers",
                        kafka.bootstrapServers(),
                        "security.protocol",
                        "SASL_SSL",
                        "sasl.mechanism",
                        "PLAIN",
                        "sasl.jaas.config",
                        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"broker\" password=\"broker\";"))) {
            admin.alterUserScramCredentials(List.of(
                            new UserScramCredentialUpsertion("hashed", new ScramCredentialInfo(kind, 4096), PASSWORD)))
                    .all()
                    .get();
        }
        Topics.create(config(kafkaAs(mechanism, "hashed", PASSWORD)).kafka(), List.of("pears"));
    }

    @Test
    void aWrongPasswordOfKafkaIsToldAtTheStart() throws Exception {
        RuidoConfig wrong = config(kafkaAs("PLAIN", "ruido", "wrong"));
        assertThatThrownBy(() -> Topics.create(wrong.kafka(), List.of("apples")))
                .hasStackTraceContaining("Authentication failed");
    }

    @Test
    void aMissingPasswordOfKafkaIsToldByTheSettingsName() throws Exception {
        Map<String, String> settings = new HashMap<>(kafkaAs("PLAIN", "ruido", PASSWORD));
        settings.remove("ruido.kafka.password");
        RuidoConfig lacking = config(settings);
        assertThatThrownBy(() -> Topics.create(lacking.kafka(), List.of("apples")))
                .hasMessageStartingWith("ruido.kafka.password must be set");
    }

    @Test
    void kafkaKnowsAClientByItsCertificate(@TempDir Path folder) throws Exception {
        Map<String, String> mutual = Map.of(
                "listener.security.protocol.map", "CLIENT:SSL,CONTROLLER:SASL_PLAINTEXT",
                "ssl.client.auth", "required",
                "ssl.keystore.type", "PKCS12",
                "ssl.keystore.location", authority.keyStore().toString(),
                "ssl.keystore.password", TestAuthority.PASSWORD);
        try (EmbeddedKafka broker = EmbeddedKafka.start(folder, 0, mutual)) {
            Map<String, String> settings = new HashMap<>(Map.of(
                    "ruido.kafka.bootstrap-servers", broker.bootstrapServers(),
                    "ruido.kafka.security-protocol", "SSL",
                    "ruido.kafka.timeout", "PT2S"));
            RuidoConfig unknown = config(settings);
            assertThatThrownBy(() -> Topics.create(unknown.kafka(), List.of("apples")))
                    .isInstanceOf(IllegalStateException.class);
            settings.put("ruido.kafka.tls-certificate", authority.certificate().toString());
            settings.put("ruido.kafka.tls-key", authority.key().toString());
            settings.put("ruido.kafka.timeout", "PT10S");
            Topics.create(config(settings).kafka(), List.of("apples"));
        }
    }

    @Test
    void redisIsUsedByTlsWithAPassword(@TempDir Path folder) throws Exception {
        try (EmbeddedRedis server = EmbeddedRedis.start(folder, 0)) {
            URI uri = URI.create(server.uri());
            String[] user = uri.getUserInfo().split(":");
            try (TlsProxy tls = TlsProxy.start(authority.context(), uri.getPort())) {
                Map<String, String> settings = new HashMap<>(Map.of(
                        "ruido.redis.uri", "rediss://127.0.0.1:" + tls.port(),
                        "ruido.redis.username", user[0],
                        "ruido.redis.password", user[1]));
                try (Redis redis = Redis.connect(config(settings).redis())) {
                    redis.ping().toCompletableFuture().join();
                }
                settings.put("ruido.redis.password", "wrong");
                RuidoConfig wrong = config(settings);
                assertThatThrownBy(() -> Redis.connect(wrong.redis())).hasStackTraceContaining("WRONGPASS");
            }
        }
    }

    @Test
    void whenTheMasterDiesTheSentinelsTellOfTheNext(@TempDir Path folder) throws Exception {
        String executable = executable(folder.resolve("any"));
        RedisServer master = RedisServer.start(executable, folder.resolve("master"));
        try (master;
                RedisServer replica = RedisServer.start(
                        executable, folder.resolve("replica"), "--replicaof", "127.0.0.1", master.portText());
                Sentinel sentinel = Sentinel.start(executable, folder, master.port())) {
            sentinel.awaitReplica();
            try (Redis redis = Redis.connect(
                    config(Map.of("ruido.redis.uri", sentinel.uri())).redis())) {
                redis.ping().toCompletableFuture().join();
                master.close();
                sentinel.awaitMaster(replica.port());
                Sentinel.await(() -> {
                    redis.ping().toCompletableFuture().join();
                    return true;
                });
            }
        }
    }

    /** Of the Redis that tests run, as its guard was told: the server's process may have another name. */
    private static String executable(Path folder) {
        try (EmbeddedRedis _ = EmbeddedRedis.start(folder, 0)) {
            return ProcessHandle.current()
                    .descendants()
                    .map(process -> List.of(process.info().arguments().orElse(new String[0])))
                    .filter(arguments -> arguments.contains("redis-guard"))
                    .map(arguments -> arguments.get(arguments.indexOf("redis-guard") + 1))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void dataOfALaterFormatIsRefused(@TempDir Path folder) throws Exception {
        try (EmbeddedRedis server = EmbeddedRedis.start(folder, 0)) {
            RuidoConfig config = config(Map.of("ruido.redis.uri", server.uri()));
            Redis.connect(config.redis()).close();
            RedisClient later = RedisClient.create(server.uri());
            later.connect().sync().set("ruido:format", "99");
            later.shutdown();
            assertThatThrownBy(() -> Redis.connect(config.redis())).hasMessageContaining("Redis has data of format 99");
        }
    }

    @Test
    void theObjectStoreIsUsedByTlsWithKeysOfAFileAndOfARole(@TempDir Path folder) throws Exception {
        try (EmbeddedS3 server = EmbeddedS3.start(folder.resolve("s3"), 0, "access", "secret-key");
                TlsProxy tls =
                        TlsProxy.start(authority.context(), server.endpoint().getPort())) {
            Map<String, String> settings = new HashMap<>(
                    Map.of("ruido.s3.endpoint", "https://127.0.0.1:" + tls.port(), "ruido.s3.access-key", "access"));
            Path file = Files.writeString(
                    folder.resolve("credentials"),
                    "[ruido]\naws_access_key_id = access\naws_secret_access_key = secret-key\n");
            settings.put("ruido.s3.credentials", "file");
            settings.put("ruido.s3.credentials-file", file.toString());
            settings.put("ruido.s3.credentials-profile", "ruido");
            new ResultStore(config(settings).s3()).createBucket();

            settings.put("ruido.s3.credentials", "role");
            HttpServer role = role();
            try {
                assertThat(new ResultStore(config(settings).s3()).reachable()).isTrue();
            } finally {
                role.stop(0);
                System.clearProperty("AWS_CONTAINER_CREDENTIALS_FULL_URI");
            }
            settings.put("ruido.s3.credentials", "keys");
            settings.put("ruido.s3.secret-key", "wrong");
            assertThat(new ResultStore(config(settings).s3()).reachable()).isFalse();
        }
    }

    /** What AWS runs beside a container that has a role. */
    private static HttpServer role() throws IOException {
        byte[] keys = """
                {"AccessKeyId": "access", "SecretAccessKey": "secret-key", "Code": "Success",
                 "Expiration": "2100-01-01T00:00:00Z"}""".getBytes(StandardCharsets.UTF_8);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/role", exchange -> {
            exchange.sendResponseHeaders(200, keys.length);
            exchange.getResponseBody().write(keys);
            exchange.close();
        });
        server.start();
        System.setProperty(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                "http://127.0.0.1:%d/role".formatted(server.getAddress().getPort()));
        return server;
    }

    @Test
    void aFileWithoutCertificatesIsRefusedByName(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("authorities.pem"), "nothing");
        assertThatThrownBy(() -> TrustedCertificates.install(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ruido.trusted-certificates")
                .hasMessageContaining("authorities.pem");
    }
}
