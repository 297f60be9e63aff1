package io.ruido.gateway.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ruido.gateway.Client;
import io.ruido.gateway.Services;
import io.ruido.gateway.Watcher;
import io.ruido.gateway.Worker;
import io.ruido.job.JobState;
import io.ruido.job.SampleId;
import io.ruido.redis.ChangeResult;
import io.ruido.s3.ResultStore;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is left of a job that its owner deletes. */
class DeleteTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of());

    private final Client client = SERVICES.client;
    private final Worker worker = SERVICES.worker;

    @Test
    void nothingIsLeftOfAFinishedJob() throws Exception {
        UUID id = client.submitted("{\"prompt\": \"to be deleted\", \"count\": 2}");
        worker.finish(id);
        List<String> keys =
                worker.status(id).images().stream().map(image -> image.key()).toList();
        new ResultStore(SERVICES.config.s3()).putStatus(worker.status(id));

        assertThat(delete(id).status()).isEqualTo(204);

        assertThat(client.get("/v1/jobs/" + id).status()).isEqualTo(404);
        assertThat(client.get("/v1/jobs/" + id + "/images/0").status()).isEqualTo(404);
        assertThat(client.get("/v1/jobs/" + id + "/events").status()).isEqualTo(404);
        assertThat(client.get("/v1/jobs").text()).doesNotContain(id.toString());
        for (String key : keys) {
            assertThat(worker.stored(key)).isEmpty();
        }
        assertThat(worker.stored(ResultStore.statusKey(id))).isEmpty();
        assertThat(delete(id).status()).isEqualTo(404);
    }

    @Test
    void aRunningJobIsCancelledAndItsWorkerHearsOfIt() {
        UUID id = client.submitted("{\"prompt\": \"running\"}");
        SampleId sample = new SampleId(id, 0);
        int attempt = worker.claim(sample);
        Watcher watcher = Watcher.open(client, "/v1/jobs/" + id + "/ws");
        await().until(() -> !watcher.frames.isEmpty());

        assertThat(delete(id).status()).isEqualTo(204);

        assertThat(worker.step(sample, attempt, 1, 20, "")).isEqualTo(new ChangeResult.Finished(JobState.CANCELLED));
        assertThat(worker.tryClaim(sample)).isEqualTo(JobState.CANCELLED);
        assertThat(watcher.closeStatus()).isEqualTo(1000);
        assertThat(watcher.frames.getLast().get("state").asText()).isEqualTo("CANCELLED");
    }

    @Test
    void theIdempotencyKeyOfADeletedJobIsFree() {
        String body = "{\"prompt\": \"again\"}";
        UUID first = UUID.fromString(
                client.submit(body, "Idempotency-Key", "free").json().get("id").asText());
        delete(first);

        Client.Answer second = client.submit(body, "Idempotency-Key", "free");

        assertThat(second.status()).isEqualTo(202);
        assertThat(second.json().get("id").asText()).isNotEqualTo(first.toString());
    }

    @Test
    void theQueueIsCleared() {
        UUID begun = client.submitted("{\"prompt\": \"begun\"}");
        worker.claim(new SampleId(begun, 0));
        List<UUID> apples = Stream.generate(() -> client.submitted("{\"prompt\": \"waiting\"}"))
                .limit(120)
                .toList();
        UUID pear = client.submitted("{\"prompt\": \"waiting\", \"model\": \"pears\"}");

        int deletedApples = deleted("/v1/jobs?state=QUEUED&model=apples");
        assertThat(deletedApples).isGreaterThanOrEqualTo(120);
        assertThat(apples).allMatch(id -> client.get("/v1/jobs/" + id).status() == 404);
        assertThat(client.get("/v1/jobs/" + pear).status()).isEqualTo(200);
        assertThat(deleted("/v1/jobs?state=QUEUED")).isPositive();
        assertThat(client.get("/v1/jobs/" + begun).json().get("state").asText()).isEqualTo("SAMPLING");
        assertThat(client.get("/v1/jobs?state=QUEUED").json().get("jobs")).isEmpty();
    }

    @Test
    void onlyWaitingJobsAreDeletedTogether() {
        Client.Answer missing = client.send("DELETE", "/v1/jobs", null);
        Client.Answer refused = client.send("DELETE", "/v1/jobs?state=SUCCEEDED", null);

        assertThat(missing.status()).isEqualTo(400);
        assertThat(missing.json().get("detail").asText()).isEqualTo("state must be given");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.json().get("errors").get(0).get("reason").asText()).isEqualTo("must be one of QUEUED");
    }

    private int deleted(String path) {
        return client.send("DELETE", path, null).json().get("deleted").asInt();
    }

    private Client.Answer delete(UUID id) {
        return client.send("DELETE", "/v1/jobs/" + id, null);
    }
}
