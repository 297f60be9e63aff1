package io.ruido.gateway.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.gateway.Client;
import io.ruido.gateway.Services;
import io.ruido.gateway.Watcher;
import io.ruido.gateway.Worker;
import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import io.ruido.job.SampleId;
import io.ruido.redis.EventStream;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.streams.WriteStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class EventsTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of());

    private static final String TWO_IMAGES = "{\"prompt\": \"a red apple\", \"count\": 2, \"steps\": 3}";

    /** State QUEUED and ENCODING, for each image SAMPLING, 3 steps, DECODING, SUCCEEDED, result; states in between. */
    private static final int EVENTS_OF_TWO_IMAGES = 2 + 2 * (1 + 3 + 1 + 1 + 1) + 3;

    /** More than sockets hold: steps with previews of 10 KB. */
    private static final int STEPS = 1_000;

    private static final String PREVIEW = "x".repeat(10_000);

    /** State QUEUED, SAMPLING, DECODING and SUCCEEDED; of the image SAMPLING, DECODING, SUCCEEDED, and its result. */
    private static final int OTHERS = 8;

    private final Client client = SERVICES.client;
    private final Worker worker = SERVICES.worker;

    @Test
    void aWatcherSeesEveryEventOnceAndInOrder() throws Exception {
        UUID id = client.submitted(TWO_IMAGES);
        Watcher watcher = Watcher.open(client, "/v1/jobs/" + id + "/ws");
        await().untilAsserted(() -> assertThat(watcher.frames).hasSize(1));

        worker.finish(id);

        assertThat(watcher.closeStatus()).isEqualTo(1000);
        assertThat(watcher.numbers()).isEqualTo(upTo(EVENTS_OF_TWO_IMAGES));
        assertThat(watcher.frames)
                .filteredOn(event -> event.get("type").asText().equals("state"))
                .extracting(event -> event.get("state").asText())
                .startsWith("QUEUED", "ENCODING", "SAMPLING")
                .endsWith("DECODING", "SUCCEEDED");
        assertThat(watcher.frames)
                .filteredOn(event -> event.get("type").asText().equals("step")
                        && event.get("index").asInt() == 1)
                .extracting(event -> event.get("step").asInt())
                .containsExactly(1, 2, 3);
    }

    @Test
    void aWatcherThatComesBackMissesAndRepeatsNothing() throws Exception {
        UUID id = client.submitted("{\"prompt\": \"a red apple\", \"steps\": 10}");
        SampleId sample = new SampleId(id, 0);
        List<Long> seen = new ArrayList<>();
        int attempt = worker.claim(sample);
        for (int step = 1; step <= 10; step++) {
            long after = seen.isEmpty() ? 0 : seen.getLast();
            Watcher watcher = Watcher.open(client, "/v1/jobs/" + id + "/ws?after=" + after);
            worker.step(sample, attempt, step, 10, "");
            await().untilAsserted(() -> assertThat(watcher.frames).isNotEmpty());
            watcher.socket.abort();
            seen.addAll(watcher.numbers());
        }
        Watcher last = Watcher.open(client, "/v1/jobs/" + id + "/ws?after=" + seen.getLast());
        client.post("/v1/jobs/" + id + "/cancel", "");
        last.closeStatus();
        seen.addAll(last.numbers());

        assertThat(seen).isEqualTo(upTo(14));
        Watcher late = Watcher.open(client, "/v1/jobs/" + id + "/ws?after=14");
        assertThat(late.closeStatus()).isEqualTo(1000);
        assertThat(late.frames).isEmpty();
    }

    @Test
    void serverSentEventsResumeAfterTheLastOneThatWasSeen() throws Exception {
        UUID id = client.submitted(TWO_IMAGES);
        worker.finish(id);

        List<String> all = events(id, null);
        List<String> rest = events(id, "7");

        assertThat(numbers(all)).isEqualTo(upTo(EVENTS_OF_TWO_IMAGES));
        assertThat(numbers(rest)).isEqualTo(upTo(EVENTS_OF_TWO_IMAGES).subList(7, EVENTS_OF_TWO_IMAGES));
        assertThat(rest)
                .filteredOn(line -> line.startsWith("data: "))
                .last()
                .asString()
                .contains("SUCCEEDED");
        Client.Answer done =
                client.get("/v1/jobs/" + id + "/events", "Last-Event-ID", String.valueOf(EVENTS_OF_TWO_IMAGES));
        assertThat(done.status()).isEqualTo(204);
    }

    @Test
    void serverSentEventsComeAsTheyHappen() throws Exception {
        UUID id = client.submitted(TWO_IMAGES);
        CompletableFuture<List<String>> lines = CompletableFuture.supplyAsync(() -> events(id, null));

        worker.finish(id);

        assertThat(numbers(lines.get())).isEqualTo(upTo(EVENTS_OF_TWO_IMAGES));
    }

    @Test
    void manyWatchersSeeTheSame() throws Exception {
        UUID id = client.submitted(TWO_IMAGES);
        List<Watcher> watchers = IntStream.range(0, 200)
                .mapToObj(i -> Watcher.open(client, "/v1/jobs/" + id + "/ws"))
                .toList();
        assertThat(openWatchers()).isGreaterThanOrEqualTo(200);

        worker.finish(id);

        assertThat(watchers).allSatisfy(watcher -> {
            assertThat(watcher.closeStatus()).isEqualTo(1000);
            assertThat(watcher.numbers()).isEqualTo(upTo(EVENTS_OF_TWO_IMAGES));
        });
        await().untilAsserted(() -> assertThat(openWatchers()).isLessThan(200));
    }

    @Test
    void aWhileAfterTheEndStatesAndResultsAreKeptAndOfEachImageTheLastPreview() throws Exception {
        UUID id = client.submitted(TWO_IMAGES);
        worker.sample(new SampleId(id, 0), 3, "data:,first");
        worker.sample(new SampleId(id, 1), 3, "data:,second");
        List<JsonNode> all = read(events(id, null));

        SERVICES.letTrim(id);
        await().until(() -> read(events(id, null)).size() < all.size());

        List<JsonNode> kept = read(events(id, null));
        assertThat(kept)
                .isEqualTo(all.stream()
                        .filter(event -> !event.get("type").asText().equals("step")
                                || event.get("step").asInt() == 3)
                        .toList());
        long seen = all.get(5).get("number").asLong();
        Watcher late = Watcher.open(client, "/v1/jobs/" + id + "/ws?after=" + seen);
        assertThat(late.closeStatus()).isEqualTo(1000);
        assertThat(late.frames)
                .isEqualTo(kept.stream()
                        .filter(event -> event.get("number").asLong() > seen)
                        .toList());
    }

    private static List<JsonNode> read(List<String> lines) throws IOException {
        List<JsonNode> events = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith("data: ")) {
                events.add(JobJson.MAPPER.readTree(line.substring("data: ".length())));
            }
        }
        return events;
    }

    private double openWatchers() {
        return client.get("/metrics")
                .text()
                .lines()
                .filter(line -> line.startsWith("ruido_watchers{protocol=\"websocket\"}"))
                .mapToDouble(line -> Double.parseDouble(line.split(" ")[1]))
                .sum();
    }

    @Test
    void whoeverComesLateGetsAllThatHappenedAtItsOwnPace() throws Exception {
        UUID id = client.submitted("{\"prompt\": \"a red apple\"}");
        worker.sample(new SampleId(id, 0), STEPS, PREVIEW);
        CompletableFuture<Void> reading = new CompletableFuture<>();
        Watcher slow = Watcher.slow(client, "/v1/jobs/" + id + "/ws", reading);
        Watcher quick = Watcher.open(client, "/v1/jobs/" + id + "/ws");
        assertThat(quick.closeStatus()).isEqualTo(1000);
        reading.complete(null);

        assertThat(slow.closeStatus()).isEqualTo(1000);
        assertThat(slow.numbers()).isEqualTo(quick.numbers()).isEqualTo(upTo(STEPS + OTHERS));
    }

    @Test
    void aWatcherThatDoesNotReadHoldsNobodyUpAndGetsTheNewest() throws Exception {
        UUID id = client.submitted("{\"prompt\": \"a red apple\"}");
        CompletableFuture<Void> reading = new CompletableFuture<>();
        Watcher slow = Watcher.slow(client, "/v1/jobs/" + id + "/ws", reading);
        Watcher quick = Watcher.open(client, "/v1/jobs/" + id + "/ws");
        await().untilAsserted(() -> assertThat(quick.frames).isNotEmpty());

        worker.sample(new SampleId(id, 0), STEPS, PREVIEW);

        assertThat(quick.closeStatus()).isEqualTo(1000);
        assertThat(quick.numbers()).endsWith((long) STEPS + OTHERS);
        assertThat(slow.frames).isEmpty();
        reading.complete(null);
        assertThat(slow.closeStatus()).isEqualTo(1000);
        isTheNewest(slow.frames);
    }

    @Test
    void nothingIsKeptForAStreamThatIsNotRead() throws Exception {
        UUID id = client.submitted("{\"prompt\": \"a red apple\"}");
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(4096);
            socket.connect(new InetSocketAddress(client.address.getHost(), client.address.getPort()));
            socket.setSoTimeout((int) Client.TIMEOUT.toMillis());
            socket.getOutputStream()
                    .write("GET /v1/jobs/%s/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .formatted(id)
                            .getBytes(StandardCharsets.US_ASCII));
            await().until(() -> socket.getInputStream().available() > 0);

            worker.sample(new SampleId(id, 0), STEPS, PREVIEW);

            byte[] stream = socket.getInputStream().readAllBytes();
            isTheNewest(read(List.of(new String(stream, StandardCharsets.US_ASCII).split("\n"))));
        }
    }

    /** Some of the steps, among them the last, and everything else. */
    @Test
    void aSocketThatIsClosedAndHasNotSaidSoEndsItsFeed() throws Exception {
        UUID id = client.submitted(TWO_IMAGES);
        AtomicInteger asked = new AtomicInteger();
        WriteStream<?> closed = (WriteStream<?>) Proxy.newProxyInstance(
                WriteStream.class.getClassLoader(), new Class<?>[] {WriteStream.class}, (stream, method, arguments) -> {
                    asked.incrementAndGet();
                    throw new IllegalStateException("WebSocket is closed");
                });
        List<Throwable> faults = new CopyOnWriteArrayList<>();
        List<JobEvent> sent = new CopyOnWriteArrayList<>();
        Vertx vertx = Vertx.vertx();
        try (EventStream events = new EventStream(SERVICES.connection)) {
            Context loop = vertx.getOrCreateContext().exceptionHandler(faults::add);
            Feed feed = new Feed(events, id, 0, loop, closed, (event, json) -> sent.add(event));
            loop.runOnContext(begin -> feed.resume());
            await().until(() -> asked.get() > 0);
            worker.finish(id);
            loop.runOnContext(drained -> feed.resume());
            Thread.sleep(500);
        } finally {
            vertx.close().await();
        }
        assertThat(faults).isEmpty();
        assertThat(sent).isEmpty();
        assertThat(asked).hasValue(1);
    }

    private static void isTheNewest(List<JsonNode> frames) {
        assertThat(frames).hasSizeLessThan(STEPS / 2);
        assertThat(frames)
                .extracting(event -> event.get("number").asLong())
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(frames)
                .filteredOn(event -> !event.get("type").asText().equals("step"))
                .hasSize(OTHERS);
        assertThat(frames)
                .filteredOn(event -> event.get("type").asText().equals("step"))
                .last()
                .extracting(event -> event.get("step").asInt())
                .isEqualTo(STEPS);
    }

    @Test
    void oneConnectionWatchesAndCancelsManyJobs() throws Exception {
        UUID apple = client.submitted(TWO_IMAGES);
        UUID pear = client.submitted("{\"prompt\": \"a pear\"}");
        Watcher watcher = Watcher.open(client, "/v1/ws");
        watcher.send(command("subscribe", apple, ", \"after\": 1"));
        watcher.send(command("subscribe", pear, ""));
        await().untilAsserted(() -> assertThat(numbers(watcher, pear)).containsExactly(1L));

        worker.finish(apple);
        watcher.send(command("cancel", pear, ""));

        await().untilAsserted(() -> assertThat(numbers(watcher, pear)).containsExactly(1L, 2L));
        await().untilAsserted(() -> assertThat(numbers(watcher, apple))
                .isEqualTo(upTo(EVENTS_OF_TWO_IMAGES).subList(1, EVENTS_OF_TWO_IMAGES)));
        assertThat(worker.status(pear).state().name()).isEqualTo("CANCELLED");
        assertThat(watcher.closed).isNotDone();
    }

    @Test
    void whatIsNotSubscribedAnyMoreIsNotSent() throws Exception {
        UUID apple = client.submitted(TWO_IMAGES);
        UUID pear = client.submitted("{\"prompt\": \"a pear\"}");
        Watcher watcher = Watcher.open(client, "/v1/ws");
        watcher.send(command("subscribe", apple, ""));
        await().untilAsserted(() -> assertThat(numbers(watcher, apple)).containsExactly(1L));
        watcher.send(command("unsubscribe", apple, ""));
        watcher.send(command("subscribe", pear, ""));
        await().untilAsserted(() -> assertThat(numbers(watcher, pear)).containsExactly(1L));

        worker.finish(apple);
        client.post("/v1/jobs/" + pear + "/cancel", "");

        await().untilAsserted(() -> assertThat(numbers(watcher, pear)).containsExactly(1L, 2L));
        assertThat(numbers(watcher, apple)).containsExactly(1L);
    }

    @Test
    void aRefusedCommandIsAnsweredWithAProblem() {
        UUID nobody = UUID.randomUUID();
        Watcher watcher = Watcher.open(client, "/v1/ws");
        watcher.send("{");
        watcher.send("[]");
        watcher.send("{\"op\": \"dance\", \"job\": \"7\"}");
        watcher.send(command("subscribe", nobody, ""));

        await().untilAsserted(() -> assertThat(watcher.frames)
                .extracting(frame -> frame.at("/problem/code").asText())
                .containsExactly("malformed-request", "invalid-field", "invalid-field", "not-found"));
        assertThat(watcher.frames.get(2).at("/problem/errors"))
                .extracting(error -> error.get("field").asText())
                .containsExactly("op", "job");
        assertThat(watcher.frames.get(3).get("job").asText()).isEqualTo(nobody.toString());
    }

    private static String command(String op, UUID job, String more) {
        return "{\"op\": \"" + op + "\", \"job\": \"" + job + "\"" + more + "}";
    }

    private static List<Long> numbers(Watcher watcher, UUID job) {
        return watcher.frames.stream()
                .filter(frame -> frame.get("job").asText().equals(job.toString()))
                .map(frame -> frame.at("/event/number").asLong())
                .toList();
    }

    private List<String> events(UUID id, String lastEventId) {
        HttpRequest.Builder request = HttpRequest.newBuilder(client.address.resolve("/v1/jobs/" + id + "/events"))
                .timeout(Client.TIMEOUT);
        if (lastEventId != null) {
            request.header("Last-Event-ID", lastEventId);
        }
        return client.http
                .sendAsync(request.build(), BodyHandlers.ofLines())
                .thenApply(response -> response.body().toList())
                .join();
    }

    private static List<Long> numbers(List<String> lines) {
        return lines.stream()
                .filter(line -> line.startsWith("id: "))
                .map(line -> Long.valueOf(line.substring(4)))
                .toList();
    }

    private static List<Long> upTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }
}
