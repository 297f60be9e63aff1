package io.ruido.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ruido.config.RuidoConfig;
import io.ruido.kafka.Topics;
import io.ruido.redis.Redis;
import io.ruido.s3.ResultStore;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServersTest {
    @TempDir
    Path folder;

    @Test
    void serversThatHaveNoAddressAreStartedAndCanBeUsed() throws Exception {
        Settings settings = settings(Map.of());
        try (Servers servers = Servers.start(settings.load())) {
            RuidoConfig config = settings.with(servers.addresses()).load();
            Topics.create(config.kafka(), List.of("tiny"));
            new ResultStore(config.s3()).createBucket();
            Redis.connect(config.redis()).close();
        }
    }

    @Test
    void aServerThatHasAnAddressIsNotStarted() {
        Settings settings = settings(Map.of(
                "ruido.kafka.bootstrap-servers",
                "kafka.example:9092",
                "ruido.s3.endpoint",
                "http://minio.example:9000"));
        try (Servers servers = Servers.start(settings.load())) {
            assertThat(servers.addresses()).containsOnlyKeys("ruido.redis.uri");
            assertThat(folder.resolve("kafka")).doesNotExist();
        }
    }

    @Test
    void otherUsersCanReadNeitherTheDataNorThePasswords() throws Exception {
        Path data = folder.resolve("data");
        Settings settings = settings(Map.of("ruido.data-dir", data.toString()));
        try (Servers servers = Servers.start(settings.load())) {
            assertThat(servers.addresses().get("ruido.s3.secret-key")).hasSizeGreaterThan(20);
            assertThat(List.of(data, data.resolve("redis"), data.resolve("kafka"), data.resolve("s3")))
                    .allSatisfy(path -> assertThat(Files.getPosixFilePermissions(path))
                            .isEqualTo(PosixFilePermissions.fromString("rwx------")));
            assertThat(Files.getPosixFilePermissions(data.resolve("running.properties")))
                    .isEqualTo(PosixFilePermissions.fromString("rw-------"));
            RuidoConfig guessed = settings.with(servers.addresses())
                    .with(Map.of("ruido.s3.secret-key", "guessed"))
                    .load();
            assertThat(new ResultStore(guessed.s3()).reachable()).isFalse();
        }
    }

    @Test
    void aPublishedSecretKeyIsRefused() {
        assertThatThrownBy(() ->
                        settings(Map.of("ruido.s3.secret-key", "ruido-secret")).load())
                .hasMessageContaining("ruido.s3.secret-key")
                .hasMessageContaining("published default");
    }

    @Test
    void aFolderServesOneProcessAtATime() {
        Settings settings = settings(Map.of(
                "ruido.kafka.bootstrap-servers",
                "kafka.example:9092",
                "ruido.s3.endpoint",
                "http://minio.example:9000"));
        try (Servers servers = Servers.start(settings.load())) {
            assertThat(servers.addresses()).isNotEmpty();
            assertThatThrownBy(() -> Servers.start(settings.load())).hasMessageContaining(folder + " is in use");
        }
        Servers.start(settings.load()).close();
    }

    @Test
    void aServerThatCannotStartStopsTheOthers() throws Exception {
        try (var taken = new ServerSocket(0)) {
            String port = String.valueOf(taken.getLocalPort());
            Settings settings = settings(
                    Map.of("ruido.kafka.bootstrap-servers", "kafka.example:9092", "ruido.standalone.s3-port", port));
            assertThatThrownBy(() -> Servers.start(settings.load())).hasMessageContaining(port);
            assertThat(folder.resolve("redis/redis.pid")).doesNotExist();
        }
    }

    private Settings settings(Map<String, String> overrides) {
        return new Settings(Map.of("ruido.data-dir", folder.toString()), Map.of(), Optional.empty()).with(overrides);
    }
}
