package io.ruido.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedRedisTest {
    @TempDir
    Path folder;

    @Test
    void dataOutlivesARestart() {
        try (EmbeddedRedis redis = EmbeddedRedis.start(folder, 0)) {
            ask(redis.uri(), commands -> commands.xadd("events", "step", "1"));
        }
        assertThat(folder.resolve("redis.pid")).as("stopped cleanly").doesNotExist();
        try (EmbeddedRedis redis = EmbeddedRedis.start(folder, 0)) {
            assertThat(ask(redis.uri(), commands -> commands.xlen("events"))).isEqualTo("1");
        }
    }

    @Test
    void redisEndsWithItsJvmAndTheDataIsThereAtTheNextStart() throws Exception {
        ProcessHandle server;
        try (ServerJvm jvm = ServerJvm.start("redis", folder.toString())) {
            ask(jvm.answer(), commands -> commands.set("job", "queued"));
            server = serverProcess();
            jvm.kill();
        }
        await().until(() -> !server.isAlive());
        try (EmbeddedRedis redis = EmbeddedRedis.start(folder, 0)) {
            assertThat(ask(redis.uri(), commands -> commands.get("job"))).isEqualTo("queued");
        }
    }

    @Test
    void whatAScriptHasWrittenSurvivesARestart() {
        try (EmbeddedRedis redis = EmbeddedRedis.start(folder, 0)) {
            String script = "redis.call('SET', KEYS[1], 'queued') return redis.call('SET', KEYS[2], 'queued')";
            ask(redis.uri(), commands -> commands.eval(script, ScriptOutputType.STATUS, "job", "other"));
        }
        try (EmbeddedRedis redis = EmbeddedRedis.start(folder, 0)) {
            assertThat(ask(redis.uri(), commands -> commands.mget("job", "other")))
                    .isEqualTo("[KeyValue[job, queued], KeyValue[other, queued]]");
        }
    }

    @Test
    void aServerLeftBehindByAKilledJvmAndGuardIsReplaced() throws Exception {
        ProcessHandle leftover;
        try (ServerJvm jvm = ServerJvm.start("redis", folder.toString())) {
            ask(jvm.answer(), commands -> commands.set("job", "queued"));
            leftover = serverProcess();
            jvm.killAllBut(leftover);
        }
        assertThat(leftover.isAlive()).isTrue();
        try (EmbeddedRedis redis = EmbeddedRedis.start(folder, 0)) {
            assertThat(leftover.isAlive()).isFalse();
            assertThat(ask(redis.uri(), commands -> commands.get("job"))).isEqualTo("queued");
        }
    }

    @Test
    void aFolderServesOneRedisAtATime() {
        try (EmbeddedRedis redis = EmbeddedRedis.start(folder, 0)) {
            assertThatThrownBy(() -> EmbeddedRedis.start(folder, 0))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(folder.toString());
            assertThat(ask(redis.uri(), RedisCommands::ping)).isEqualTo("PONG");
        }
    }

    @Test
    void whoeverHasNoPasswordIsRefused() {
        try (EmbeddedRedis redis = EmbeddedRedis.start(folder, 0)) {
            String open = redis.uri().replaceFirst("ruido:.*@", "");
            assertThatThrownBy(() -> ask(open, commands -> commands.get("job"))).hasStackTraceContaining("NOAUTH");
            String guessed = redis.uri().replaceFirst("ruido:.*@", "ruido:guessed@");
            assertThatThrownBy(() -> ask(guessed, commands -> commands.get("job")))
                    .hasStackTraceContaining("WRONGPASS");
        }
    }

    @Test
    void nobodyCanTurnTheServerAgainstTheMachine() {
        try (EmbeddedRedis redis = EmbeddedRedis.start(folder, 0)) {
            List<Function<RedisCommands<String, String>, Object>> forbidden = List.of(
                    commands -> commands.configSet("dir", "/tmp"),
                    commands -> commands.configGet("*"),
                    RedisCommands::flushall,
                    commands -> commands.replicaof("127.0.0.1", 1),
                    RedisCommands::aclList,
                    commands -> commands.eval("return redis.call('CONFIG', 'GET', 'dir')", ScriptOutputType.MULTI));
            assertThat(forbidden).allSatisfy(command -> assertThatThrownBy(() -> ask(redis.uri(), command))
                    .hasMessageMatching("(?s).*(NOPERM|can't run this command|not allowed from script).*"));
        }
    }

    @Test
    void filesAreForTheirOwnerAlone() throws IOException {
        Path data = folder.resolve("data");
        try (EmbeddedRedis redis = EmbeddedRedis.start(data, 0)) {
            ask(redis.uri(), commands -> commands.set("job", "queued"));
            assertThat(Files.getPosixFilePermissions(data)).isEqualTo(PosixFilePermissions.fromString("rwx------"));
            try (Stream<Path> files = Files.walk(data)) {
                assertThat(files.filter(Files::isRegularFile))
                        .extracting(Path::getFileName)
                        .extracting(Path::toString)
                        .contains(".password", "users.acl");
            }
            try (Stream<Path> files = Files.walk(data)) {
                assertThat(files.filter(Files::isRegularFile)
                                .filter(file -> file.toString().matches(".*(aof|password|acl|log)$")))
                        .isNotEmpty()
                        .allSatisfy(file -> assertThat(Files.getPosixFilePermissions(file))
                                .isEqualTo(PosixFilePermissions.fromString("rw-------")));
            }
        }
    }

    @Test
    void dataThatANewerServerHasWrittenIsNotTouchedByAnOlderOne() throws IOException {
        PrivateFolder.write(
                PrivateFolder.create(folder.resolve("data")).resolve("server-version"), "Redis server v=99.1.2");
        assertThatThrownBy(() -> EmbeddedRedis.start(folder.resolve("data"), 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Redis 99.1.2 has written");
    }

    @Test
    void aTakenPortIsNamed() throws Exception {
        try (var taken = Loopback.bind("test", 0)) {
            int port = taken.socket().getLocalPort();
            assertThatThrownBy(() -> EmbeddedRedis.start(folder, port))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("port " + port);
        }
    }

    private ProcessHandle serverProcess() throws Exception {
        long pid = Long.parseLong(Files.readString(folder.resolve("redis.pid")).strip());
        return ProcessHandle.of(pid).orElseThrow();
    }

    private static String ask(String uri, Function<RedisCommands<String, String>, Object> question) {
        try (RedisClient client = RedisClient.create(uri);
                var connection = client.connect()) {
            return String.valueOf(question.apply(connection.sync()));
        }
    }
}
