package io.ruido.gateway.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.gateway.Client;
import io.ruido.gateway.Pictures;
import io.ruido.gateway.Services;
import io.ruido.gateway.Watcher;
import io.ruido.gateway.Worker;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.SampleId;
import io.ruido.job.Upload;
import io.ruido.redis.ChangeResult;
import io.ruido.s3.ResultStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class HousekeepingTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of(
            "ruido.jobs.retention", "PT3S",
            "ruido.uploads.retention", "PT3S",
            "ruido.uploads.max-stored-bytes", "200000"));

    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final Client client = SERVICES.client;
    private final Worker worker = SERVICES.worker;

    @Test
    void aWaitingJobIsExpiredAtItsDeadlineAndItsWatchersSeeItThen() throws Exception {
        UUID id = client.submitted("{\"prompt\": \"in vain\", \"expiresIn\": 1}");
        Watcher watcher = Watcher.open(client, "/v1/jobs/" + id + "/ws");

        assertThat(watcher.closeStatus()).isEqualTo(1000);
        JsonNode last = watcher.frames.getLast();
        assertThat(last.get("state").asText()).isEqualTo("EXPIRED");
        Instant expiresAt = worker.status(id).expiresAt();
        assertThat(Instant.ofEpochMilli(last.get("time").asLong()))
                .isBetween(expiresAt, expiresAt.plus(Client.TIMEOUT));
        await().atMost(TIMEOUT).untilAsserted(() -> assertThat(worker.stored("results/" + id + "/job.json"))
                .map(json -> JobJson.read(json, JobStatus.class).state())
                .contains(JobState.EXPIRED));
    }

    @Test
    void aRunningJobIsExpiredAtItsDeadlineAndItsWorkerIsToldAtTheNextStep() {
        UUID id = client.submitted("{\"prompt\": \"too slow\", \"expiresIn\": 2}");
        SampleId sample = new SampleId(id, 0);
        int attempt = worker.claim(sample);
        assertThat(worker.step(sample, attempt, 1, 20, "")).isEqualTo(new ChangeResult.Done());

        await().atMost(TIMEOUT).until(() -> worker.status(id).state() == JobState.EXPIRED);

        assertThat(worker.step(sample, attempt, 2, 20, "")).isEqualTo(new ChangeResult.Finished(JobState.EXPIRED));
    }

    @Test
    void aJobThatIsFinishedInTimeStaysSo() throws Exception {
        Client.Answer answer = client.submit("{\"prompt\": \"in time\", \"expiresIn\": 60}");
        UUID id = UUID.fromString(answer.json().get("id").asText());
        assertThat(Instant.parse(answer.json().get("expiresAt").asText())).isAfter(Instant.now());

        worker.finish(id);

        assertThat(worker.status(id).state()).isEqualTo(JobState.SUCCEEDED);
    }

    @Test
    void aPictureThatNoJobUsesIsDeletedAndCanBeSentAgain() throws Exception {
        byte[] picture = Pictures.png(64, 64);
        AtomicReference<Client.Answer> answer = new AtomicReference<>();
        Callable<Boolean> submitted = () -> {
            String image = client.upload(picture).json().get("id").asText();
            answer.set(client.submit("{\"prompt\": \"in use\", \"image\": \"%s\"}".formatted(image)));
            return answer.get().status() == 202;
        };
        await().until(submitted);
        JsonNode job = answer.get().json();
        Upload upload = worker.status(UUID.fromString(job.get("id").asText()))
                .job()
                .params()
                .source()
                .image();

        await().atMost(TIMEOUT)
                .until(() -> worker.stored(ResultStore.key(upload)).isEmpty());
        assertThat(worker.stored(ResultStore.plainKey(upload))).isEmpty();

        assertThat(client.get("/v1/uploads/" + upload.id()).status()).isEqualTo(404);
        await().until(submitted);
        assertThat(answer.get().json().get("image")).isEqualTo(job.get("image"));
    }

    @Test
    void aTenantsPicturesTakeNoMoreRoomThanConfiguredUntilTheyAreDeleted() {
        byte[] first = Pictures.noise(140, 150, 1);
        byte[] second = Pictures.noise(140, 150, 2);
        await().until(() -> client.upload(first).status() == 201);

        Client.Answer again = client.upload(first);
        Client.Answer refused = client.upload(second);

        assertThat(again.status()).as(again.toString()).isEqualTo(201);
        assertThat(refused.status()).as(refused.toString()).isEqualTo(403);
        assertThat(refused.json().get("code").asText()).isEqualTo("no-room");
        assertThat(refused.json().get("detail").asText())
                .containsPattern("was \"\\d+ bytes to store\"")
                .containsPattern("take \\d+ of 200000 bytes");
        await().atMost(TIMEOUT).until(() -> client.upload(second).status() == 201);
    }

    @Test
    void afterItsRetentionAJobIsGoneWithItsImages() throws Exception {
        UUID id = client.submitted("{\"prompt\": \"not for ever\", \"count\": 2}");
        String path = "/v1/jobs/" + id;
        worker.finish(id);
        assertThat(client.get(path + "/images/1").status()).isEqualTo(200);

        await().atMost(TIMEOUT).until(() -> client.get(path).status() == 410);

        assertThat(client.get(path).json().get("code").asText()).isEqualTo("gone");
        assertThat(worker.stored("results/" + id + "/1.png")).isEmpty();
        assertThat(List.of(
                        client.get(path + "/images/1").status(),
                        client.get(path + "/events").status(),
                        client.post(path + "/cancel", "").status()))
                .containsOnly(410);
        assertThat(client.get("/v1/jobs").text()).doesNotContain(id.toString());
    }
}
