package io.ruido.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ruido.gateway.Client;
import io.ruido.gateway.Services;
import io.ruido.gateway.Watcher;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A gateway that is told to end, beside another one that goes on. */
class GracefulShutdownTest {
    private static final String APPLE = "{\"prompt\": \"a red apple\"}";

    @RegisterExtension
    static final Services SERVICES = new Services(Map.of("ruido.gateway.proxy-headers", "true"), 0);

    @Test
    void whoWatchesIsToldToConnectAgainAndEveryRequestIsAnswered() throws Exception {
        Client client = SERVICES.client;
        UUID id = client.submitted(APPLE);
        Watcher watcher = Watcher.open(client, "/v1/jobs/" + id + "/ws");
        Watcher ofMany = Watcher.open(client, "/v1/ws");
        CompletableFuture<Client.Answer> waiting =
                CompletableFuture.supplyAsync(() -> client.submit(APPLE, "Prefer", "wait=60"));
        await().untilAsserted(() -> assertThat(watcher.numbers()).isNotEmpty());
        await().until(() -> client.get("/v1/jobs").json().get("jobs").size() == 2);

        CompletableFuture<Void> ended = CompletableFuture.runAsync(() -> shutDown());
        await().until(() -> client.get("/health/ready").status() == 503);
        assertThat(client.submit(APPLE).status()).isEqualTo(202);
        HttpResponse<Void> last = httpOne(client.address.resolve("/v1/jobs"));
        assertThat(last.statusCode()).isEqualTo(200);
        assertThat(last.headers().firstValue("Connection")).contains("close");
        assertThat(watcher.closeStatus()).isEqualTo(1012);
        assertThat(ofMany.closeStatus()).isEqualTo(1012);
        assertThat(waiting.get().status()).isEqualTo(202);
        ended.get();

        SERVICES.restartGateway();
        Watcher again = Watcher.open(
                SERVICES.client,
                "/v1/jobs/" + id + "/ws?after=" + watcher.numbers().getLast());
        SERVICES.client.post("/v1/jobs/" + id + "/cancel", "");
        assertThat(again.closeStatus()).isEqualTo(1000);
        assertThat(again.numbers().getFirst()).isEqualTo(watcher.numbers().getLast() + 1);
    }

    private static HttpResponse<Void> httpOne(URI address) throws Exception {
        try (HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            return http.send(
                    HttpRequest.newBuilder(address).timeout(Client.TIMEOUT).build(), BodyHandlers.discarding());
        }
    }

    private static void shutDown() {
        try {
            SERVICES.gateway.shutDown();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void behindAProxyASessionIsAsSecureAsTheClientSeesIt() throws Exception {
        Client.Answer session = SERVICES.client.post(
                "/v1/session", "{\"key\": \"none\"}", "Content-Type", "application/json", "X-Forwarded-Proto", "https");
        assertThat(session.header("Set-Cookie")).contains("Secure");
    }
}
