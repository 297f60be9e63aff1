package io.ruido.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.job.JobState;
import io.ruido.job.PromptJob;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class MetricsServerTest {
    private static final int STEPS = 5;

    @TempDir
    Path folder;

    @Test
    void aWorkerTellsWhatItDidAndWhetherItIsWell() throws Exception {
        try (Servers servers = Servers.start(folder);
                Worker worker = servers.worker()) {
            PromptJob job = servers.submit("a red apple", 2, STEPS, 7);
            servers.awaitState(job.jobId(), JobState.SUCCEEDED);

            String metrics = get(worker, "/metrics").body();
            assertThat(metrics)
                    .contains("ruido_steps_total{model=\"pipeline\"} " + 2.0 * STEPS)
                    .contains("ruido_active_samples 0.0", "ruido_dead_letters_total 0.0")
                    .contains("ruido_denoiser_call_seconds_bucket{model=\"pipeline\",le=\"0.1\"}")
                    .contains("ruido_denoiser_rows_bucket{model=\"pipeline\",le=\"2.0\"}")
                    .contains(count("queued", 1), count("encoding", 1), count("sampling", 2))
                    .contains(count("decoding", 2), count("uploading", 2))
                    .contains("process_resident_memory_bytes")
                    .doesNotContain(job.jobId().toString());
            assertThat(get(worker, "/health/live").statusCode()).isEqualTo(200);
            assertThat(get(worker, "/health/ready").body()).isEqualTo("{\"status\":\"UP\"}");

            servers.restartRedis(() -> {
                assertThat(get(worker, "/health/live").statusCode()).isEqualTo(200);
                assertThat(get(worker, "/health/ready").statusCode()).isEqualTo(503);
            });
        }
    }

    private static String count(String stage, int times) {
        return "ruido_stage_seconds_count{model=\"pipeline\",stage=\"%s\"} %d\n".formatted(stage, times);
    }

    private static HttpResponse<String> get(Worker worker, String path) {
        try (HttpClient http = HttpClient.newHttpClient()) {
            URI address = URI.create("http://127.0.0.1:" + worker.metricsPort().orElseThrow() + path);
            HttpRequest request = HttpRequest.newBuilder(address)
                    .timeout(Duration.ofSeconds(20))
                    .build();
            return http.send(request, BodyHandlers.ofString());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
