package io.ruido.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import io.ruido.job.JobJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;

/** An HTTP client of the gateway. Nothing it asks for may take longer than its timeout: a hang is a failure. */
public final class Client implements AutoCloseable {
    public static final Duration TIMEOUT = Duration.ofSeconds(20);

    public final URI address;
    public final HttpClient http = HttpClient.newHttpClient();

    public Client(URI address) {
        this.address = address;
    }

    public record Answer(int status, HttpResponse<byte[]> raw) {
        public String header(String name) {
            return raw.headers().firstValue(name).orElse(null);
        }

        public JsonNode json() {
            try {
                return JobJson.MAPPER.readTree(raw.body());
            } catch (IOException e) {
                throw new UncheckedIOException(text(), e);
            }
        }

        public String text() {
            return new String(raw.body(), StandardCharsets.UTF_8);
        }

        @Override
        public String toString() {
            return status + " " + text();
        }
    }

    /** OpenAI's own client, of which only the base URL is changed. */
    public OpenAIClient openAi() {
        return OpenAIOkHttpClient.builder()
                .baseUrl(address + "/v1")
                .apiKey("none")
                .timeout(Duration.ofMinutes(1))
                .maxRetries(0)
                .build();
    }

    public Answer get(String path, String... headers) {
        return send("GET", path, null, headers);
    }

    public Answer post(String path, String body, String... headers) {
        return send("POST", path, body, headers);
    }

    public Answer submit(String json, String... headers) {
        HttpRequest.Builder request = request("/v1/jobs", headers).setHeader("Content-Type", "application/json");
        return send(request.POST(BodyPublishers.ofString(json)).build());
    }

    /** The id of a new job. */
    public UUID submitted(String json) {
        Answer answer = submit(json);
        if (answer.status() != 202) {
            throw new AssertionError(answer);
        }
        return UUID.fromString(answer.json().get("id").asText());
    }

    public Answer upload(byte[] picture, String... headers) {
        return send(request("/v1/uploads", headers)
                .POST(BodyPublishers.ofByteArray(picture))
                .build());
    }

    public Answer send(String method, String path, String body, String... headers) {
        return send(request(path, headers)
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build());
    }

    private HttpRequest.Builder request(String path, String... headers) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(address.resolve(path)).timeout(TIMEOUT);
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return request;
    }

    private Answer send(HttpRequest request) {
        try {
            HttpResponse<byte[]> response = http.send(request, BodyHandlers.ofByteArray());
            return new Answer(response.statusCode(), response);
        } catch (IOException e) {
            throw new UncheckedIOException(request.toString(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
