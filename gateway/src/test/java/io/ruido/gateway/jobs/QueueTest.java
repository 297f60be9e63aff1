package io.ruido.gateway.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.gateway.Client;
import io.ruido.gateway.Services;
import io.ruido.gateway.Worker;
import io.ruido.kafka.JobConsumer;
import io.ruido.kafka.JobPublisher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class QueueTest {
    /** Of a worker of one slot: one that runs, and four on the way. */
    private static final int LET_THROUGH = 5;

    private static final int MAX_QUEUED = 6;
    private static final String APPLE = "{\"prompt\": \"a red apple\"}";

    @RegisterExtension
    static final Services SERVICES = new Services(Map.of("ruido.jobs.max-queued", String.valueOf(MAX_QUEUED)), 1);

    private final Client client = SERVICES.client;
    private final Worker worker = SERVICES.worker;

    @Test
    void jobsWaitInLineAndTheLineIsBounded() throws Exception {
        List<UUID> published = new CopyOnWriteArrayList<>();
        try (JobPublisher publisher = new JobPublisher(SERVICES.config.kafka());
                JobConsumer _ = SERVICES.slot(publisher, published)) {
            List<UUID> submitted = new ArrayList<>();
            for (int i = 0; i < LET_THROUGH + MAX_QUEUED; i++) {
                submitted.add(client.submitted(APPLE));
            }
            Client.Answer refused = client.submit(APPLE, "Idempotency-Key", "later");

            assertThat(refused.status()).as(refused.toString()).isEqualTo(429);
            assertThat(refused.json().get("code").asText()).isEqualTo("queue-full");
            assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 60);
            Client.Answer openAi = client.post("/v1/images/generations", APPLE, "Content-Type", "application/json");
            assertThat(openAi.status()).isEqualTo(429);
            assertThat(openAi.header("Retry-After")).isNotNull();
            assertThat(openAi.json().get("error").get("type").asText()).isEqualTo("rate_limit_error");
            assertThat(client.submit("{\"prompt\": \"elsewhere\", \"model\": \"pears\"}")
                            .status())
                    .isEqualTo(202);
            assertThat(position(submitted.getFirst())).isZero();
            assertThat(position(submitted.getLast())).isEqualTo(MAX_QUEUED);

            worker.finish(submitted.getFirst());
            client.post("/v1/jobs/" + submitted.get(LET_THROUGH + 1) + "/cancel", "");

            assertThat(position(submitted.getLast())).isEqualTo(MAX_QUEUED - 2);
            Client.Answer accepted = client.submit(APPLE, "Idempotency-Key", "later");
            assertThat(accepted.status()).isEqualTo(202);
            assertThat(accepted.json().get("eta").isNull()).isFalse();
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(published).containsAll(submitted.subList(0, LET_THROUGH + 1)));
            assertThat(published).doesNotContainAnyElementsOf(submitted.subList(LET_THROUGH + 1, submitted.size()));
        }
    }

    /** 0 for a job that does not wait. */
    private int position(UUID id) {
        return client.get("/v1/jobs/" + id).json().get("position").asInt();
    }

    @Test
    void modelsTellHowManyWorkersServeThem() {
        JsonNode models = client.get("/v1/models").json().get("models");

        assertThat(models).extracting(model -> model.get("workers").asInt()).containsExactly(1, 1);
    }
}
