package io.ruido.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.config.RuidoConfig;
import io.ruido.embedded.EmbeddedRedis;
import io.ruido.job.Upload;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UploadStoreTest {
    private static final Duration KEPT = Duration.ofHours(1);
    private static final String ID = "a".repeat(64);

    private static EmbeddedRedis server;
    private static Redis redis;
    private static UploadStore uploads;

    private final Upload apple = new Upload(ID, UUID.randomUUID(), 64, 48);

    @BeforeAll
    static void start(@TempDir Path folder) throws IOException {
        server = EmbeddedRedis.start(folder, 0);
        redis = TestJobs.connect(server);
        Map<String, String> settings = Map.of(
                "ruido.uploads.retention", KEPT.toString(),
                "ruido.uploads.max-stored-bytes", "100",
                "ruido.uploads.max-stored-pictures", "5");
        uploads = new UploadStore(
                redis, RuidoConfig.load(settings, Map.of(), Optional.empty()).uploads());
    }

    @AfterAll
    static void stop() {
        redis.close();
        server.close();
    }

    @Test
    void aTenantHasRoomForSoManyPictures() {
        List<UUID> objects = Stream.generate(UUID::randomUUID).limit(5).toList();
        objects.forEach(object ->
                assertThat(done(uploads.announce(object, "collector", 1))).isEmpty());

        assertThat(done(uploads.announce(UUID.randomUUID(), "collector", 1))).contains(5L);
        done(uploads.forget(objects.getFirst()));
        assertThat(done(uploads.announce(UUID.randomUUID(), "collector", 1))).isEmpty();
    }

    @Test
    void aPictureIsForItsTenantAndKeptForLongerWheneverItIsSentOrUsed() {
        done(uploads.add("shop", apple));
        String key = RedisKeys.upload("shop", ID);
        redis.text().sync().pexpire(key, Duration.ofMinutes(1));
        redis.text().sync().zadd(RedisKeys.UPLOADS, 0, apple.object().toString());

        assertThat(done(uploads.find("rival", ID))).isEmpty();
        assertThat(done(uploads.find("shop", ID))).contains(apple);
        assertThat(redis.text().sync().pttl(key)).as("only looked at").isLessThanOrEqualTo(60_000);

        assertThat(done(uploads.keep("rival", ID))).isEmpty();
        assertThat(done(uploads.keep("shop", ID))).contains(apple);
        long left = redis.text().sync().pttl(key);
        assertThat(Duration.ofMillis(left)).isBetween(KEPT.minusMinutes(1), KEPT);
        assertThat(deletedAt(apple.object())).isGreaterThan(System.currentTimeMillis() + left - 1000);
    }

    @Test
    void aPictureThatWasSentTwiceAtATimeIsOneAndTheOtherObjectIsDeletedInItsTime() {
        UUID second = UUID.randomUUID();
        done(uploads.announce(second, "twice", 1));

        Upload first = done(uploads.add("twice", apple));
        Upload known = done(uploads.add("twice", new Upload(ID, second, 64, 48)));

        assertThat(known).isEqualTo(first);
        assertThat(deletedAt(second)).isPositive();
    }

    @Test
    void aTenantHasRoomForSoManyBytesAndGetsItBack() {
        UUID large = UUID.randomUUID();
        UUID small = UUID.randomUUID();

        assertThat(done(uploads.announce(large, "full", 90))).isEmpty();
        assertThat(done(uploads.announce(small, "full", 11))).contains(90L);
        assertThat(done(uploads.announce(small, "another", 11))).isEmpty();
        assertThat(done(uploads.announce(UUID.randomUUID(), "full", 10))).isEmpty();
        done(uploads.forget(large));
        done(uploads.forget(large));

        assertThat(done(uploads.announce(UUID.randomUUID(), "full", 91))).contains(10L);
        assertThat(done(uploads.announce(UUID.randomUUID(), "full", 90))).isEmpty();
    }

    private static double deletedAt(UUID object) {
        return redis.text().sync().zscore(RedisKeys.UPLOADS, object.toString());
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }
}
