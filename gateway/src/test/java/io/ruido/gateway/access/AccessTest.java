package io.ruido.gateway.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.gateway.Client;
import io.ruido.gateway.Pictures;
import io.ruido.gateway.Services;
import io.ruido.gateway.Watcher;
import java.io.IOException;
import java.net.URI;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class AccessTest {

    private static final String ENTRIES = KeyFile.entry("shop", "shop-secret", "tenant: shop")
            + KeyFile.entry("rival", "rival-secret", "tenant: rival")
            + KeyFile.entry("boss", "boss-secret", "admin: true")
            + KeyFile.entry("slow", "slow-secret", "requestsPerMinute: 2")
            + KeyFile.entry("small", "small-secret", "imagesPerDay: 3");

    private static final Path FILE = KeyFile.write(ENTRIES);

    @RegisterExtension
    static final Services SERVICES = new Services(Map.of(
            "ruido.gateway.api-keys", FILE.toString(), "ruido.gateway.allowed-origins", "https://friend.example"));

    private final Client client = SERVICES.client;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/jobs",
                "/v1/models",
                "/v1/ws",
                "/sdapi/v1/options",
                "/v1/stats",
                "/metrics",
                "/metrics/",
                "/v1/nothing"
            })
    void withoutAKeyNothingIsTold(String path) {
        Client.Answer answer = client.get(path);

        assertThat(answer.status()).as(answer.toString()).isEqualTo(401);
        assertThat(answer.header("WWW-Authenticate")).startsWith("Bearer");
        assertThat(answer.text()).contains("unauthorized");
        assertThat(client.get(path, "Authorization", "Bearer guessed").status()).isEqualTo(401);
    }

    @Test
    void aTenantsPicturesAreForNobodyElse() {
        Client.Answer upload = client.upload(Pictures.png(64, 64), "Authorization", "Bearer shop-secret");
        String path = upload.header("Location");
        String body = "{\"prompt\": \"x\", \"image\": \"%s\"}"
                .formatted(upload.json().get("id").asText());

        assertThat(client.upload(Pictures.png(64, 64)).status()).isEqualTo(401);
        assertThat(client.get(path, "Authorization", "Bearer shop-secret").status())
                .isEqualTo(200);
        assertThat(client.get(path, "Authorization", "Bearer rival-secret").status())
                .isEqualTo(404);
        assertThat(client.submit(body, "Authorization", "Bearer rival-secret")
                        .json()
                        .get("code")
                        .asText())
                .isEqualTo("unknown-upload");
        assertThat(client.submit(body, "Authorization", "Bearer shop-secret").status())
                .isEqualTo(202);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/main.js", "/openapi.yaml", "/health/live", "/health/ready"})
    void thePageTheContractAndTheProbesAreForEverybody(String path) {
        assertThat(client.get(path).status()).isEqualTo(200);
    }

    @Test
    void openAiClientsAreRefusedInTheirOwnFormat() {
        Client.Answer answer = client.post("/v1/images/generations", "{}", "Authorization", "Bearer guessed");

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.json().get("error").get("code").asText()).isEqualTo("unauthorized");
    }

    @Test
    void aKeyComesAsTokenAsPasswordOrInACookie() {
        String password = Base64.getEncoder().encodeToString("anybody:shop-secret".getBytes(StandardCharsets.UTF_8));
        Client.Answer session =
                client.post("/v1/session", "{\"key\": \"shop-secret\"}", "Content-Type", "application/json");

        assertThat(session.status()).isEqualTo(204);
        String cookie = session.header("Set-Cookie");
        assertThat(cookie).containsIgnoringCase("HttpOnly").contains("SameSite=Strict");
        assertThat(client.get("/v1/jobs", "Authorization", "Bearer shop-secret").status())
                .isEqualTo(200);
        assertThat(client.get("/v1/jobs", "Authorization", "Basic " + password).status())
                .isEqualTo(200);
        assertThat(client.get("/v1/jobs", "Cookie", cookie.split(";")[0]).status())
                .isEqualTo(200);
        assertThat(client.post("/v1/session", "{\"key\": \"guessed\"}", "Content-Type", "application/json")
                        .status())
                .isEqualTo(401);
    }

    @Test
    void aTenantsJobsAreThereOnlyForItAndForAdministrators() throws Exception {
        UUID id = submitted("shop-secret", "{\"prompt\": \"a secret apple\"}");
        SERVICES.worker.finish(id);

        for (String path : List.of("", "/events", "/images/0")) {
            assertThat(get("/v1/jobs/" + id + path, "shop-secret").status()).isEqualTo(200);
            assertThat(get("/v1/jobs/" + id + path, "boss-secret").status()).isEqualTo(200);
            assertThat(get("/v1/jobs/" + id + path, "rival-secret").status()).isEqualTo(404);
        }
        UUID live = submitted("shop-secret", "{\"prompt\": \"another\"}");
        String cancel = "/v1/jobs/" + live + "/cancel";
        assertThat(client.post(cancel, "", "Authorization", "Bearer rival-secret")
                        .status())
                .isEqualTo(404);
        assertThat(client.post("/sdapi/v1/interrupt", "", "Authorization", "Bearer rival-secret")
                        .status())
                .isEqualTo(200);
        assertThat(listed("rival-secret")).isEmpty();
        assertThat(listed("shop-secret")).contains(id.toString(), live.toString());
        assertThat(listed("boss-secret")).contains(id.toString());
        assertThat(client.post(cancel, "", "Authorization", "Bearer shop-secret")
                        .status())
                .isEqualTo(202);
    }

    @Test
    void metricsAndStatsAreForAdministrators() {
        for (String path : List.of("/metrics", "/metrics/", "/v1/stats", "/v1/stats//")) {
            assertThat(get(path, "shop-secret").status()).isEqualTo(403);
            assertThat(get(path, "boss-secret").status()).isEqualTo(200);
        }
    }

    @Test
    void aKeyIsHeldToItsRequestsAMinute() {
        List<Client.Answer> answers = Stream.generate(() -> get("/v1/models", "slow-secret"))
                .limit(10)
                .toList();

        Client.Answer refused = answers.stream()
                .filter(answer -> answer.status() == 429)
                .findFirst()
                .orElseThrow();
        assertThat(answers.getFirst().status()).isEqualTo(200);
        assertThat(refused.json().get("code").asText()).isEqualTo("too-many-requests");
        assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 60);
    }

    @Test
    void aKeyIsHeldToItsImagesADayAndRefusedJobsDoNotCount() {
        submitted("small-secret", "{\"prompt\": \"two\", \"count\": 2}");
        assertThat(submit("small-secret", "{\"prompt\": \"two more\", \"count\": 2}")
                        .status())
                .isEqualTo(429);
        assertThat(submit("small-secret", "{\"prompt\": \"a wrong one\", \"width\": 1}")
                        .status())
                .isEqualTo(400);

        submitted("small-secret", "{\"prompt\": \"the third\"}");

        assertThat(submit("small-secret", "{\"prompt\": \"a fourth\"}")
                        .json()
                        .get("code")
                        .asText())
                .isEqualTo("too-many-requests");
    }

    @Test
    void aKeyIsGivenAndTakenWithoutARestart() throws IOException {
        assertThat(get("/v1/models", "new-secret").status()).isEqualTo(401);
        Files.writeString(FILE, ENTRIES + KeyFile.entry("new", "new-secret", "tenant: shop"));
        await().until(() -> get("/v1/models", "new-secret").status() == 200);
        Files.writeString(FILE, "no keys");
        Files.writeString(FILE, ENTRIES);
        await().until(() -> get("/v1/models", "new-secret").status() == 401);
        assertThat(get("/v1/models", "shop-secret").status()).isEqualTo(200);
    }

    @Test
    void connectionsThatAKeyHasOpenedAreClosedWhenItIsTaken() throws Exception {
        Files.writeString(FILE, ENTRIES + KeyFile.entry("leaver", "leaver-secret", "tenant: shop"));
        await().until(() -> get("/v1/models", "leaver-secret").status() == 200);
        String path = "/v1/jobs/" + submitted("shop-secret", "{\"prompt\": \"watched\"}");
        Watcher one = Watcher.open(client, path + "/ws", "Authorization", "Bearer leaver-secret");
        Watcher many = Watcher.open(client, "/v1/ws", "Authorization", "Bearer leaver-secret");
        Watcher anothers = Watcher.open(client, "/v1/ws", "Authorization", "Bearer shop-secret");
        CompletableFuture<Client.Answer> stream =
                CompletableFuture.supplyAsync(() -> get(path + "/events", "leaver-secret"));
        await().until(() -> !one.frames.isEmpty());

        Files.writeString(FILE, ENTRIES);

        assertThat(one.closeStatus()).isEqualTo(1008);
        assertThat(many.closeStatus()).isEqualTo(1008);
        assertThat(stream.get(1, TimeUnit.MINUTES).text()).contains("QUEUED");
        assertThat(anothers.closed).isNotDone();
    }

    @Test
    void anotherPortsPageCannotUseTheCookie() {
        String cookie = client.post("/v1/session", "{\"key\": \"shop-secret\"}", "Content-Type", "application/json")
                .header("Set-Cookie")
                .split(";")[0];

        assertThat(client.get("/v1/jobs", "Cookie", cookie, "Sec-Fetch-Site", "same-origin")
                        .status())
                .isEqualTo(200);
        assertThat(client.get("/v1/jobs", "Cookie", cookie, "Sec-Fetch-Site", "same-site")
                        .status())
                .isEqualTo(401);
        assertThat(client.submit("{\"prompt\": \"x\"}", "Cookie", cookie, "Origin", "http://127.0.0.1:1")
                        .status())
                .isEqualTo(403);
    }

    @Test
    void anAdministratorInterruptsItsOwnJobsOnly() throws Exception {
        CompletableFuture<Client.Answer> others = CompletableFuture.supplyAsync(() -> client.post(
                "/sdapi/v1/txt2img",
                "{\"prompt\": \"not to be interrupted\"}",
                "Content-Type",
                "application/json",
                "Authorization",
                "Bearer shop-secret"));
        await().until(() -> !inProgress("shop-secret").isEmpty());
        String id = inProgress("shop-secret");

        assertThat(interrupt("boss-secret").status()).isEqualTo(200);

        assertThat(inProgress("boss-secret")).isEmpty();
        assertThat(get("/v1/jobs/" + id, "shop-secret").json().get("state").asText())
                .isEqualTo("QUEUED");
        assertThat(interrupt("shop-secret").status()).isEqualTo(200);
        others.get(1, TimeUnit.MINUTES);
        assertThat(get("/v1/jobs/" + id, "shop-secret").json().get("state").asText())
                .isEqualTo("CANCELLED");
    }

    private String inProgress(String secret) {
        return get("/sdapi/v1/progress", secret).json().at("/state/job").asText();
    }

    private Client.Answer interrupt(String secret) {
        return client.post("/sdapi/v1/interrupt", "", "Authorization", "Bearer " + secret);
    }

    @Test
    void onlyPagesOfThisHostAndOfFriendsOpenWebSockets() {
        connect("http://" + client.address.getAuthority()).abort();
        connect("https://friend.example").abort();
        assertThatThrownBy(() -> connect("https://stranger.example"))
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        WebSocketHandshakeException.class,
                        e -> assertThat(e.getResponse().statusCode()).isEqualTo(403));
    }

    @Test
    void noSecretIsLogged() {
        Logger root = (Logger) LoggerFactory.getLogger("io.ruido");
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        Level level = root.getLevel();
        root.addAppender(lines);
        root.setLevel(Level.TRACE);
        try {
            get("/v1/jobs", "shop-secret");
            get("/v1/jobs", "mistyped-secret");
            client.post("/v1/session", "{\"key\": \"mistyped-secret\"}", "Content-Type", "application/json");
        } finally {
            root.detachAppender(lines);
            root.setLevel(level);
        }

        assertThat(lines.list).noneMatch(line -> line.getFormattedMessage().contains("secret"));
    }

    private WebSocket connect(String origin) {
        return client.http
                .newWebSocketBuilder()
                .header("Origin", origin)
                .header("Authorization", "Bearer shop-secret")
                .buildAsync(URI.create("ws://" + client.address.getAuthority() + "/v1/ws"), new WebSocket.Listener() {})
                .join();
    }

    private Client.Answer get(String path, String secret) {
        return client.get(path, "Authorization", "Bearer " + secret);
    }

    private Client.Answer submit(String secret, String json) {
        return client.submit(json, "Authorization", "Bearer " + secret);
    }

    private UUID submitted(String secret, String json) {
        Client.Answer answer = submit(secret, json);
        assertThat(answer.status()).as(answer.toString()).isEqualTo(202);
        return UUID.fromString(answer.json().get("id").asText());
    }

    private List<String> listed(String secret) {
        List<String> ids = new ArrayList<>();
        for (JsonNode job : get("/v1/jobs", secret).json().get("jobs")) {
            ids.add(job.get("id").asText());
        }
        return ids;
    }
}
