package io.ruido.bench.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import io.ruido.standalone.generate.EventFeed;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * A careful client: it repeats requests at either gateway when it gets no response or is told to retry, and gives up
 * only after minutes.
 */
final class ChaosClient implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final Duration SILENCE = Duration.ofSeconds(10);
    private static final long PAUSE_MILLIS = 500;
    private static final Set<Integer> TRY_AGAIN = Set.of(429, 503);

    private final List<URI> gateways;
    private final Duration timeout;
    private final LongAdder again = new LongAdder();
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();

    /** @param timeout time after which a missing response is a fault */
    ChaosClient(List<URI> gateways, Duration timeout) {
        this.gateways = gateways;
        this.timeout = timeout;
    }

    record Answer(int status, byte[] body) {
        JsonNode json() throws IOException {
            return JobJson.MAPPER.readTree(body);
        }

        @Override
        public String toString() {
            return status + " " + new String(body, StandardCharsets.UTF_8);
        }
    }

    /** Returns the number of repeated requests and connections. */
    long madeAgain() {
        return again.sum();
    }

    Answer submit(String submission, String key) throws InterruptedException {
        return ask(
                request -> request.header("Content-Type", "application/json")
                        .header("Idempotency-Key", key)
                        .POST(HttpRequest.BodyPublishers.ofString(submission)),
                "/v1/jobs");
    }

    Answer cancel(UUID id) throws InterruptedException {
        return ask(request -> request.POST(HttpRequest.BodyPublishers.noBody()), "/v1/jobs/" + id + "/cancel");
    }

    Answer get(String path) throws InterruptedException {
        return ask(request -> {}, path);
    }

    private Answer ask(Consumer<HttpRequest.Builder> what, String path) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            String last;
            try {
                HttpRequest.Builder request =
                        HttpRequest.newBuilder(gateway().resolve(path)).timeout(TIMEOUT);
                what.accept(request);
                HttpResponse<byte[]> response = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
                Answer answer = new Answer(response.statusCode(), response.body());
                if (!TRY_AGAIN.contains(answer.status)) {
                    return answer;
                }
                last = answer.toString();
            } catch (IOException e) {
                last = e.toString();
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("%s: no answer for %s, at last %s".formatted(path, timeout, last));
            }
            again.increment();
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    private URI gateway() {
        return gateways.get(ThreadLocalRandom.current().nextInt(gateways.size()));
    }

    /**
     * Watches a job's events to the last one, reconnecting when the connection is lost. A slow client does not get
     * every step.
     *
     * @throws IllegalStateException when an event comes twice or out of order, or the last one does not come
     */
    void watch(UUID id) throws InterruptedException, IOException {
        long seen = 0;
        while (true) {
            EventFeed feed = new EventFeed();
            connect("/v1/jobs/" + id + "/ws?after=" + seen, feed);
            boolean over = false;
            while (true) {
                Optional<JobEvent> next = feed.next(SILENCE);
                if (next.isPresent()) {
                    JobEvent event = next.get();
                    if (event.number() <= seen) {
                        throw new IllegalStateException("after event %d came %s".formatted(seen, event));
                    }
                    seen = event.number();
                    if (event.last()) {
                        return;
                    }
                } else if (feed.lost()) {
                    break;
                } else if (over) {
                    throw new IllegalStateException("nobody told of the end to who had seen event " + seen);
                } else {
                    over = state(get("/v1/jobs/" + id)).terminal();
                }
            }
            again.increment();
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    static JobState state(Answer job) throws IOException {
        return JobState.valueOf(job.json().path("state").asText());
    }

    private void connect(String path, EventFeed feed) {
        URI address = URI.create(gateway().resolve(path).toString().replaceFirst("^http", "ws"));
        http.newWebSocketBuilder()
                .connectTimeout(TIMEOUT)
                .buildAsync(address, feed)
                .whenComplete((opened, e) -> {
                    if (e != null) {
                        feed.onError(opened, e);
                    }
                });
    }

    /** Returns all stored events of a finished job. */
    List<JobEvent> events(UUID id) throws InterruptedException {
        String stream = new String(get("/v1/jobs/" + id + "/events").body(), StandardCharsets.UTF_8);
        return stream.lines()
                .filter(line -> line.startsWith("data: "))
                .map(line -> JobJson.read(line.substring("data: ".length()), JobEvent.class))
                .toList();
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
