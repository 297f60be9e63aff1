package io.ruido.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.embedded.EmbeddedKafka;
import io.ruido.embedded.EmbeddedRedis;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway whose servers do not answer exits with a line that names the server; its supervisor restarts it. */
class StartupTest {
    @TempDir
    Path folder;

    @Test
    void withoutRedisItSaysSoInOneLine() throws Exception {
        String redis = "redis://127.0.0.1:" + closedPort();
        assertThat(failure(Map.of("ruido.redis.uri", redis)))
                .startsWith("gateway cannot start: cannot connect to Redis at " + redis)
                .contains("Connection refused");
    }

    @Test
    void aPasswordOfRedisIsNotShown() throws Exception {
        String redis = "redis://user:secret-word@127.0.0.1:" + closedPort();
        assertThat(failure(Map.of("ruido.redis.uri", redis)))
                .contains("cannot connect to Redis at redis://")
                .doesNotContain("secret-word");
    }

    @Test
    void withoutKafkaItSaysSoInOneLine() throws Exception {
        try (EmbeddedRedis redis = EmbeddedRedis.start(folder.resolve("redis"), 0)) {
            String kafka = "127.0.0.1:" + closedPort();
            Map<String, String> settings = new HashMap<>(redis.settings());
            settings.put("ruido.kafka.bootstrap-servers", kafka);
            settings.put("ruido.kafka.timeout", "PT1S");
            assertThat(failure(settings))
                    .startsWith("gateway cannot start: cannot prepare topics and share groups of Kafka at " + kafka);
            settings.put("ruido.kafka.bootstrap-servers", "kafka.invalid:9092");
            assertThat(failure(settings))
                    .startsWith(
                            "gateway cannot start: cannot prepare topics and share groups of Kafka at kafka.invalid")
                    .contains("No resolvable bootstrap urls");
        }
    }

    @Test
    void withoutTheObjectStoreItSaysSoInOneLine() throws Exception {
        try (EmbeddedRedis redis = EmbeddedRedis.start(folder.resolve("redis"), 0);
                EmbeddedKafka kafka = EmbeddedKafka.start(folder.resolve("kafka"), 0)) {
            int port = closedPort();
            Map<String, String> settings = new HashMap<>(redis.settings());
            settings.putAll(kafka.settings());
            settings.put("ruido.kafka.timeout", "PT30S"); // outlasts a busy machine
            settings.put("ruido.s3.endpoint", "http://127.0.0.1:" + port);
            settings.put("ruido.s3.access-key", "ruido");
            settings.put("ruido.s3.secret-key", "secret-word");
            assertThat(failure(settings))
                    .startsWith("gateway cannot start: S3: cannot create bucket ruido: Failed to connect to /127.0.0.1:"
                            + port);
        }
    }

    /** What a gateway with these settings writes to the standard error; it has to be one line. */
    private static String failure(Map<String, String> settings) throws IOException, InterruptedException {
        ProcessBuilder command = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Gateway.class.getName());
        settings.forEach(
                (name, value) -> command.environment().put(name.toUpperCase().replaceAll("[.-]", "_"), value));
        Process process =
                command.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(errors).isEqualTo(1);
        List<String> lines =
                errors.lines().filter(line -> line.contains("cannot start")).toList();
        assertThat(lines).as(errors).hasSize(1);
        assertThat(errors).doesNotContain("\tat ");
        return lines.getFirst();
    }

    private static int closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
