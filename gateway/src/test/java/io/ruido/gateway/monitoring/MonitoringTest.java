package io.ruido.gateway.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.gateway.Client;
import io.ruido.gateway.Services;
import io.ruido.job.JobJson;
import io.ruido.redis.ModelRegistry;
import io.ruido.redis.Overview;
import io.ruido.redis.WorkerStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MonitoringTest {
    /** One slot lets five images through; the others wait. */
    @RegisterExtension
    private static final Services SERVICES = new Services(Map.of("ruido.redis.timeout", "PT20S"), 1);

    private static final int LET_THROUGH = 5;

    private final Client client = SERVICES.client;

    @Test
    void aScrapeTellsWhatWaitsAndWhatBecameOfJobs() throws Exception {
        List<UUID> jobs = IntStream.range(0, LET_THROUGH + 3)
                .mapToObj(i -> client.submitted("{\"prompt\": \"apple\", \"model\": \"apples\"}"))
                .toList();
        client.submitted("{\"prompt\": \"apple\", \"model\": \"apples\", \"priority\": \"batch\", \"count\": 2}");
        client.submit("{\"prompt\": \"apple\", \"steps\": 0}");
        client.submit("{\"prompt\": \"apple\", \"model\": \"bananas\"}");
        Thread.sleep(20);

        assertThat(figure("ruido_queue_jobs{model=\"apples\",priority=\"interactive\"}"))
                .isEqualTo(3);
        assertThat(figure("ruido_queue_jobs{model=\"apples\",priority=\"batch\"}"))
                .isEqualTo(1);
        assertThat(figure("ruido_queue_images{model=\"apples\",priority=\"interactive\"}"))
                .isEqualTo(3);
        assertThat(figure("ruido_queue_images{model=\"apples\",priority=\"batch\"}"))
                .isEqualTo(2);
        assertThat(figure("ruido_queue_jobs{model=\"pears\",priority=\"batch\"}"))
                .isZero();
        assertThat(figure("ruido_queue_oldest_seconds{model=\"apples\",priority=\"batch\"}"))
                .isBetween(0.01, 60.0);
        assertThat(figure("ruido_admitted_images{model=\"apples\"}")).isEqualTo(LET_THROUGH);
        assertThat(figure("ruido_workers{model=\"apples\"}")).isEqualTo(1);
        assertThat(figure("ruido_jobs_refused_total{reason=\"invalid-field\"}")).isEqualTo(1);
        assertThat(figure("ruido_jobs_refused_total{reason=\"unknown-model\"}")).isEqualTo(1);

        SERVICES.worker.finish(jobs.getFirst());
        client.post("/v1/jobs/" + jobs.getLast() + "/cancel", "");
        assertThat(figure("ruido_jobs_finished_total{model=\"apples\",outcome=\"succeeded\"}"))
                .isEqualTo(1);
        assertThat(figure("ruido_jobs_finished_total{model=\"apples\",outcome=\"cancelled\"}"))
                .isEqualTo(1);
        assertThat(client.get("/metrics").text())
                .contains("process_resident_memory_bytes", "jvm_gc_pause_seconds", "process_cpu_usage")
                .doesNotContain(jobs.getFirst().toString());
    }

    @Test
    void statsTellWhatWaitsWhoWorksAndWhatWasFinished() throws Exception {
        WorkerStatus worker = new WorkerStatus(
                "test", List.of("apples", "pears"), 1, 1, 3.5, 12.5, "cpu", 1 << 30, null, Instant.EPOCH);
        done(new ModelRegistry(SERVICES.connection).report(worker, Duration.ofMinutes(1)));
        long finished = stats().at("/models/1/finished/succeeded").asLong();
        SERVICES.worker.finish(client.submitted("{\"prompt\": \"pear\", \"model\": \"pears\", \"count\": 2}"));

        JsonNode stats = stats();
        assertThat(stats.at("/running").asInt()).isEqualTo(1);
        assertThat(stats.at("/models/1/name").asText()).isEqualTo("pears");
        assertThat(stats.at("/models/1/workers").asInt()).isEqualTo(1);
        assertThat(stats.at("/models/1/queue/1"))
                .hasToString("{\"priority\":\"batch\",\"jobs\":0,\"oldestSeconds\":0.0}");
        assertThat(stats.at("/models/1/finished/succeeded").asLong()).isEqualTo(finished + 1);
        assertThat(stats.at("/models/1/finished/failed").asLong()).isZero();
        assertThat(stats.at("/workers")).hasSize(1);
        assertThat(JobJson.read(stats.at("/workers/0").toString(), WorkerStatus.class))
                .isEqualTo(worker);
        List<JsonNode> minutes = IntStream.range(0, Overview.MINUTES)
                .mapToObj(stats.get("minutes")::get)
                .toList();
        assertThat(minutes).isSortedAccordingTo(Comparator.comparing(minute -> minute.get("at")
                .asText()));
        assertThat(sum(minutes, "/images")).isGreaterThanOrEqualTo(2);
        assertThat(sum(minutes, "/steps")).isGreaterThanOrEqualTo(40);
        assertThat(sum(minutes, "/jobs/succeeded")).isGreaterThanOrEqualTo(1);
    }

    private JsonNode stats() {
        return client.get("/v1/stats").json();
    }

    private static long sum(List<JsonNode> minutes, String figure) {
        return minutes.stream().mapToLong(minute -> minute.at(figure).asLong()).sum();
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Test
    void withoutRedisAScrapeLacksTheQueuesAndNothingElse() {
        SERVICES.stopRedis();
        try {
            assertThat(client.get("/metrics").text())
                    .contains("jvm_memory_used_bytes")
                    .doesNotContain("ruido_queue_jobs{");
        } finally {
            SERVICES.startRedis();
        }
    }

    @Test
    void theHealthCheckOfTheImagesFindsItReady() throws Exception {
        // Another test may have stopped Redis just now.
        Awaitility.await().until(() -> client.get("/health/ready").status() == 200);
        Process check = new ProcessBuilder("../deploy/docker/healthy", String.valueOf(SERVICES.gateway.port()))
                .inheritIO()
                .start();
        assertThat(check.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(check.exitValue()).isZero();
    }

    private double figure(String series) {
        return client.get("/metrics")
                .text()
                .lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                .sum();
    }
}
