package io.ruido.standalone.generate;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** The client of a gateway for the command line. */
public final class GatewayClient implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final int RECONNECTS = 10;

    private final URI address;
    private final String key;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

    public GatewayClient(URI address) {
        this(address, null);
    }

    /** @param key API key, or null */
    public GatewayClient(URI address, String key) {
        this.address = address;
        this.key = key;
    }

    /** Returns whether a gateway answers at the address. */
    public boolean alive() {
        try {
            send(request("/health/live"));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Submits a job and returns it. */
    public JsonNode submit(JsonNode submission) throws IOException {
        return JobJson.MAPPER.readTree(send(request("/v1/jobs")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(submission.toString()))));
    }

    /** Uploads an image that jobs can start from, and returns its id. */
    public String upload(Path image) throws IOException {
        return JobJson.MAPPER
                .readTree(send(request("/v1/uploads")
                        .header("Content-Type", "application/octet-stream")
                        .POST(HttpRequest.BodyPublishers.ofFile(image))))
                .get("id")
                .asText();
    }

    /**
     * Passes on each event once and in order, reconnecting when the connection is lost, and returns the job's last
     * event.
     */
    public JobEvent.State watch(String id, Consumer<JobEvent> watcher) throws IOException, InterruptedException {
        long seen = 0;
        for (int failures = 0; failures < RECONNECTS; failures++) {
            Thread.sleep(failures * 200L);
            EventFeed feed = new EventFeed();
            connect("/v1/jobs/" + id + "/ws?after=" + seen, feed);
            for (Optional<JobEvent> next; (next = feed.next()).isPresent(); ) {
                JobEvent event = next.get();
                seen = event.number();
                failures = 0;
                watcher.accept(event);
                if (event instanceof JobEvent.State state && event.last()) {
                    return state;
                }
            }
        }
        throw new IOException("lost the connection to " + address + "; job " + id + " continues there");
    }

    public byte[] image(String id, int index) throws IOException {
        return send(request("/v1/jobs/" + id + "/images/" + index));
    }

    /** Cancels a job; a finished job does not change. */
    public void cancel(String id) {
        try {
            send(request("/v1/jobs/" + id + "/cancel").POST(HttpRequest.BodyPublishers.noBody()));
        } catch (IOException e) {
            System.err.println("The job " + id + " goes on: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(address.resolve(path)).timeout(TIMEOUT);
        return key == null ? request : request.header("Authorization", "Bearer " + key);
    }

    private void connect(String path, EventFeed feed) {
        URI socket = URI.create(address.resolve(path).toString().replaceFirst("^http", "ws"));
        WebSocket.Builder builder = http.newWebSocketBuilder().connectTimeout(TIMEOUT);
        if (key != null) {
            builder.header("Authorization", "Bearer " + key);
        }
        builder.buildAsync(socket, feed).whenComplete((opened, e) -> {
            if (e != null) {
                feed.onError(opened, e);
            }
        });
    }

    private byte[] send(HttpRequest.Builder request) throws IOException {
        try {
            HttpResponse<byte[]> response = http.send(request.build(), BodyHandlers.ofByteArray());
            if (response.statusCode() >= 400) {
                throw new IOException(problem(response));
            }
            return response.body();
        } catch (ConnectException | HttpConnectTimeoutException e) {
            throw new IOException("no Ruido answers at " + address, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for " + address, e);
        }
    }

    private static String problem(HttpResponse<byte[]> response) throws IOException {
        String body = new String(response.body(), StandardCharsets.UTF_8);
        JsonNode problem = JobJson.MAPPER.readTree(body);
        if (!problem.has("detail")) {
            return "HTTP " + response.statusCode() + " from " + response.uri() + ": " + body;
        }
        StringBuilder text = new StringBuilder(problem.get("detail").asText());
        problem.path("errors").forEach(error -> text.append("\n  ")
                .append(error.path("field").asText())
                .append(": ")
                .append(error.path("reason").asText()));
        return text.toString();
    }
}
