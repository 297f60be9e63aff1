package io.ruido.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.api.StatefulRedisConnection;
import io.ruido.job.JobState;
import io.ruido.job.SampleId;
import io.ruido.redis.ChangeResult;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Redis has reached its {@code maxmemory}, and its policy is {@code noeviction}. */
class FullRedisTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of("ruido.jobs.retention", "PT3S"), 10_000, "40mb");

    private static final String APPLE = "{\"prompt\": \"a red apple\"}";

    private final Client client = SERVICES.client;
    private final Worker worker = SERVICES.worker;

    @Test
    void newJobsAreRefusedAndNoneIsLost() throws Exception {
        UUID finished = client.submitted(APPLE);
        worker.finish(finished);
        UUID id = client.submitted(APPLE);
        SampleId sample = new SampleId(id, 0);
        int attempt = worker.claim(sample);
        Watcher watcher = Watcher.open(client, "/v1/jobs/" + id + "/ws");

        try (RedisClient own = RedisClient.create(SERVICES.redis.uri());
                StatefulRedisConnection<String, String> redis = own.connect()) {
            fill(redis);

            Client.Answer refused = client.submit(APPLE);
            assertThat(refused.status()).as(refused.toString()).isEqualTo(503);
            assertThat(refused.json().get("code").asText()).isEqualTo("unavailable");
            assertThat(refused.json().get("detail").asText()).contains("no memory left");
            assertThat(refused.header("Retry-After")).isNotNull();
            assertThat(client.get("/v1/jobs/" + id).json().get("state").asText())
                    .isEqualTo("SAMPLING");
            assertThatThrownBy(() -> worker.step(sample, attempt, 1, 20, "data:,x"))
                    .isInstanceOf(CompletionException.class)
                    .hasCauseInstanceOf(RedisCommandExecutionException.class);
            await().until(() -> client.get("/v1/jobs/" + finished).status() == 410);

            empty(redis);
        }
        await().until(() -> client.submit(APPLE).status() == 202);
        assertThat(worker.step(sample, attempt, 1, 20, "data:,x")).isEqualTo(new ChangeResult.Done());
        client.post("/v1/jobs/" + id + "/cancel", "");
        assertThat(watcher.closeStatus()).isEqualTo(1000);
        assertThat(watcher.numbers())
                .isEqualTo(
                        LongStream.rangeClosed(1, watcher.frames.size()).boxed().toList());
        assertThat(worker.status(id).state()).isEqualTo(JobState.CANCELLED);
    }

    /** Large values first, then ones so small that nothing else fits in. */
    private static void fill(StatefulRedisConnection<String, String> redis) {
        for (int size = 1 << 20; size >= 64; size /= 4) {
            String value = "x".repeat(size);
            for (int i = 0; i < 10_000; i++) {
                try {
                    redis.sync().set("ballast:" + size + ":" + i, value);
                } catch (RedisCommandExecutionException e) {
                    assertThat(e).hasMessageStartingWith("OOM");
                    break;
                }
            }
        }
    }

    private static void empty(StatefulRedisConnection<String, String> redis) {
        for (int size = 1 << 20; size >= 64; size /= 4) {
            for (int i = 0; i < 10_000; i++) {
                if (redis.sync().del("ballast:" + size + ":" + i) == 0) {
                    break;
                }
            }
        }
    }
}
