package io.ruido.progress;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.embedded.EmbeddedRedis;
import io.ruido.job.Upload;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
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
        redis = Jobs.connect(server);
        uploads = new UploadStore(redis, KEPT);
    }

    @AfterAll
    static void stop() {
        redis.close();
        server.close();
    }

    @Test
    void aPictureIsForItsTenantAndKeptForLongerWheneverItIsAskedFor() {
        done(uploads.add("shop", apple));
        String key = RedisKeys.upload("shop", ID);
        redis.text().sync().pexpire(key, Duration.ofMinutes(1));
        redis.text().sync().zadd(RedisKeys.UPLOADS, 0, apple.object().toString());

        assertThat(done(uploads.find("rival", ID))).isEmpty();
        assertThat(done(uploads.find("shop", ID))).contains(apple);

        long left = redis.text().sync().pttl(key);
        assertThat(Duration.ofMillis(left)).isBetween(KEPT.minusMinutes(1), KEPT);
        assertThat(deletedAt(apple.object())).isGreaterThan(System.currentTimeMillis() + left - 1000);
    }

    @Test
    void aPictureThatWasSentTwiceAtATimeIsOneAndTheOtherObjectIsDeletedInItsTime() {
        UUID second = UUID.randomUUID();
        done(uploads.announce(second));

        Upload first = done(uploads.add("twice", apple));
        Upload known = done(uploads.add("twice", new Upload(ID, second, 64, 48)));

        assertThat(known).isEqualTo(first);
        assertThat(deletedAt(second)).isPositive();
    }

    private static double deletedAt(UUID object) {
        return redis.text().sync().zscore(RedisKeys.UPLOADS, object.toString());
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }
}
