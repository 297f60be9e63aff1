package io.ruido.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ruido.gateway.Client;
import io.ruido.gateway.Pictures;
import io.ruido.gateway.Services;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BodyReaderTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of());

    private static final int CLIENTS = 16;

    /** 5 MB. */
    private static final byte[] PICTURE = Pictures.noise(1300, 1300, 1);

    private final Client client = SERVICES.client;

    @Test
    void aFormIsNotKeptWhileItsClientWaits() {
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        form.writeBytes("""
            --edge\r
            Content-Disposition: form-data; name="prompt"\r
            \r
            form\r
            --edge\r
            Content-Disposition: form-data; name="image"; filename="noise.png"\r
            \r
            """.getBytes(StandardCharsets.UTF_8));
        form.writeBytes(PICTURE);
        form.writeBytes("\r\n--edge--\r\n".getBytes(StandardCharsets.UTF_8));

        isNotKept("/v1/images/edits", "multipart/form-data; boundary=edge", form.toByteArray(), "form");
    }

    private void isNotKept(String path, String type, byte[] body, String prompt) {
        HttpRequest request = HttpRequest.newBuilder(client.address.resolve(path))
                .header("Content-Type", type)
                .timeout(Duration.ofMinutes(2))
                .POST(BodyPublishers.ofByteArray(body))
                .build();
        long before = used();

        List<CompletableFuture<HttpResponse<String>>> answers = Stream.generate(
                        () -> client.http.sendAsync(request, BodyHandlers.ofString()))
                .limit(CLIENTS)
                .toList();
        await().until(() -> jobs(prompt).size() == CLIENTS);

        await().untilAsserted(() -> assertThat(used() - before).isLessThan(CLIENTS / 2 * PICTURE.length));
        assertThat(answers).noneMatch(CompletableFuture::isDone);
        jobs(prompt).forEach(id -> client.post("/v1/jobs/" + id + "/cancel", ""));
        await().until(() -> answers.stream().allMatch(CompletableFuture::isDone));
    }

    private List<String> jobs(String prompt) {
        return client.get("/v1/jobs?limit=100")
                .json()
                .get("jobs")
                .valueStream()
                .filter(job -> job.get("prompt").asText().equals(prompt))
                .map(job -> job.get("id").asText())
                .toList();
    }

    private static long used() {
        for (int i = 0; i < 4; i++) {
            System.gc(); // Not each time do collectors give back all.
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
