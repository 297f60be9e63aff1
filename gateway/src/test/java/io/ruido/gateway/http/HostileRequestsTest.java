package io.ruido.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.ruido.gateway.Client;
import io.ruido.gateway.Pictures;
import io.ruido.gateway.RawClient;
import io.ruido.gateway.Services;
import io.ruido.gateway.Watcher;
import io.ruido.gateway.webhooks.Webhooks;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What no request may do to others, whatever it is. */
class HostileRequestsTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of());

    private static final int SMALL = 20_000;

    private final Client client = SERVICES.client;

    @ParameterizedTest
    @CsvSource({
        "/v1/jobs,               60000,    400",
        "/v1/session,            60000,    400",
        "/v1/images/generations, 60000,    400",
        "/sdapi/v1/txt2img,      60000,    422",
        "/sdapi/v1/options,      60000,    422",
        "/sdapi/v1/img2img,      400000,   422",
    })
    void manyUnknownFieldsAreCountedAndNotToldOneByOne(String path, int length, int status) {
        Client.Answer answer = client.post(path, unknownFields(length), "Content-Type", "application/json");

        assertThat(answer.status()).as(answer.text().substring(0, 200)).isEqualTo(status);
        assertThat(answer.raw().body()).hasSizeLessThan(SMALL);
        assertThat(answer.text()).containsPattern("and \\d+ more");
    }

    @ParameterizedTest
    @ValueSource(strings = {"values", "levels", "name"})
    void moreThanAnyRequestNeedsIsRefusedWhileItIsRead(String what) {
        String body =
                switch (what) {
                    case "values" -> "{\"init_images\": [" + "1,".repeat(2_000_000) + "1]}";
                    case "levels" -> "{\"init_images\": " + "[".repeat(5_000) + "]".repeat(5_000) + "}";
                    default -> "{\"" + "x".repeat(2_000_000) + "\": 1}";
                };

        Client.Answer answer = client.post("/sdapi/v1/img2img", body, "Content-Type", "application/json");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.raw().body()).hasSizeLessThan(SMALL);
        assertThat(answer.json().get("error").asText()).isEqualTo("malformed-request");
    }

    @Test
    void wrongValuesInALongListAreNotToldOneByOne() {
        String body = "{\"init_images\": [" + "1,".repeat(40_000) + "1]}";

        Client.Answer answer = client.post("/sdapi/v1/img2img", body, "Content-Type", "application/json");

        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.raw().body()).hasSizeLessThan(SMALL);
    }

    @Test
    void aCommandOfAWebSocketIsAnsweredInFewWords() {
        Watcher watcher = Watcher.open(client, "/v1/ws");

        watcher.send(unknownFields(3_000));
        watcher.send(unknownFields(60_000));

        Awaitility.await().untilAsserted(() -> assertThat(watcher.frames).hasSize(2));
        assertThat(watcher.frames)
                .extracting(frame -> frame.at("/problem/code").asText())
                .containsExactly("invalid-field", "malformed-request");
        assertThat(watcher.frames)
                .allSatisfy(frame -> assertThat(frame.toString()).hasSizeLessThan(SMALL));
    }

    @Test
    void manyUnknownParametersAreCounted() {
        String query = IntStream.range(0, 500).mapToObj(i -> "p" + i + "=1").collect(Collectors.joining("&"));

        Client.Answer answer = client.get("/v1/jobs?" + query);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().get("errors")).hasSize(20);
        assertThat(answer.json().get("moreErrors").asInt()).isEqualTo(480);
    }

    @Test
    void othersAreAnsweredWhileALargeBodyIsRead() {
        String body = "{\"init_images\": [\"%s\"], \"x\": [%s1]}".formatted("A".repeat(9_000_000), "1,".repeat(45_000));
        List<Thread> senders = IntStream.range(0, 8)
                .mapToObj(i -> Thread.startVirtualThread(
                        () -> client.post("/sdapi/v1/img2img", body, "Content-Type", "application/json")))
                .toList();
        long slowest = 0;
        while (senders.stream().anyMatch(Thread::isAlive)) {
            long begin = System.nanoTime();
            assertThat(client.get("/health/live").status()).isEqualTo(200);
            slowest = Math.max(slowest, System.nanoTime() - begin);
            assertThat(Thread.getAllStackTraces())
                    .as("event loops read no large body")
                    .noneSatisfy((thread, frames) -> {
                        assertThat(thread.getName()).contains("eventloop");
                        assertThat(frames)
                                .anyMatch(frame -> frame.getClassName().equals(ClientJson.class.getName()));
                    });
        }

        assertThat(Duration.ofNanos(slowest)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void whatClientsInventMakesNoSeriesOfMetrics() throws Exception {
        invent("WARMUP");
        long before = client.get("/metrics").text().lines().count();

        for (int i = 0; i < 50; i++) {
            invent("INVENTED" + i);
        }

        String page = client.get("/metrics").text();
        assertThat(page).doesNotContain("INVENTED");
        assertThat(page.lines().count() - before).isLessThan(20);
    }

    @Test
    void anAddressThatIsNotPublicIsNotCalledAsAWebhook() throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger(Webhooks.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        try {
            SERVICES.worker.finish(
                    client.submitted("{\"prompt\": \"x\", \"webhook\": \"http://168.63.129.16/metadata\"}"));

            Awaitility.await().untilAsserted(() -> assertThat(List.copyOf(lines.list))
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .anyMatch(line -> line.contains("168.63.129.16:80 is not a public address")));
        } finally {
            logger.detachAppender(lines);
        }
    }

    /** A method, a path, a version of HTTP, a header, and a model. */
    private void invent(String name) throws Exception {
        RawClient raw = new RawClient(client.address);
        raw.send(name + " /v1/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        raw.send(name + " /" + name + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        raw.send("GET /v1/" + name + " HTTP/1.1\r\nHost: localhost\r\n" + name + ": 1\r\nConnection: close\r\n\r\n");
        raw.send("GET /v1/models HTTP/1." + (2 + name.length()) + "\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        client.submit("{\"prompt\": \"x\", \"model\": \"" + name + "\"}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /%zz HTTP/1.1\r\nHost: localhost\r\n",
                "GET /v1/jobs/% HTTP/1.1\r\nHost: localhost\r\n",
                "GET /v1/models HTTP/1.1\r\n",
                "GET /v1/models HTTP/1.1\r\nHost:\r\n",
                "GET /v1/models HTTP/1.1\r\nHost: a b\r\n",
                "GET  HTTP/1.1\r\nHost: localhost\r\n",
                "GET v1/models HTTP/1.1\r\nHost: localhost\r\n",
            })
    void aRequestThatIsNoneIsABadOne(String request) throws Exception {
        String answer = new RawClient(client.address).send(request + "Connection: close\r\n\r\n");

        assertThat(answer).containsPattern("^HTTP/1.[01] 400").contains("malformed-request");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Origin: https://evil.example",
                "Origin: http://localhost:3000",
                "Origin: null",
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Site: same-site"
            })
    void pagesOfOthersChangeNothing(String header) {
        String[] name = header.split(": ");
        String form = "--x\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nx\r\n--x--\r\n";

        assertThat(List.of(
                        client.submit("{\"prompt\": \"x\"}", name),
                        client.upload(Pictures.png(64, 64), name),
                        client.post("/sdapi/v1/interrupt", "", name),
                        client.post("/sdapi/v1/txt2img", "{\"prompt\": \"x\"}", name),
                        client.post(
                                "/v1/images/edits",
                                form,
                                "Content-Type",
                                "multipart/form-data; boundary=x",
                                name[0],
                                name[1]),
                        client.post(
                                "/v1/session",
                                "{\"key\": \"x\"}",
                                "Content-Type",
                                "application/json",
                                name[0],
                                name[1]),
                        client.send("DELETE", "/v1/session", null, name)))
                .allSatisfy(answer ->
                        assertThat(answer.status()).as(answer.toString()).isEqualTo(403));
        assertThat(client.get("/v1/models", name).status()).isEqualTo(200);
    }

    @Test
    void thePageOfThisServerAndClientsWithoutAPageAreServed() {
        String own = "http://" + client.address.getAuthority();

        assertThat(client.upload(Pictures.png(64, 64), "Origin", own, "Sec-Fetch-Site", "same-origin")
                        .status())
                .isEqualTo(201);
        assertThat(client.upload(Pictures.png(64, 64)).status()).isEqualTo(201);
    }

    @Test
    void aNameThatIsNotThisServersIsRefusedWhereNoKeyIsNeeded() throws Exception {
        RawClient raw = new RawClient(client.address);
        for (String path : List.of("/v1/jobs", "/v1/webhook-secret", "/metrics", "/", "/openapi.yaml")) {
            assertThat(raw.send("GET " + path + " HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 403")
                    .contains("evil.example", "allowed-hosts");
        }
        for (String host : List.of("localhost:8080", "127.0.0.1", "[::1]:80", "192.168.0.7:8080", "ruido.localhost")) {
            assertThat(raw.send("GET /v1/jobs HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 200");
        }
        assertThat(raw.send("GET /health/live HTTP/1.1\r\nHost: pod.example\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200");
    }

    @Test
    void aPictureInBase64ThatIsNoneIsRefusedInFewWords() {
        String noPicture = Base64.getEncoder().encodeToString(new byte[2_000_000]);

        Client.Answer answer = client.post(
                "/sdapi/v1/img2img", "{\"init_images\": [\"" + noPicture + "\"]}", "Content-Type", "application/json");

        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.raw().body()).hasSizeLessThan(SMALL);
    }

    private static String unknownFields(int length) {
        StringBuilder json = new StringBuilder("{\"prompt\": \"x\"");
        for (int i = 0; json.length() < length - 16; i++) {
            json.append(",\"k").append(i).append("\":1");
        }
        return json.append('}').toString();
    }
}
