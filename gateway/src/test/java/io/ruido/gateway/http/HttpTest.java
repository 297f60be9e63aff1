package io.ruido.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.gateway.Client;
import io.ruido.gateway.Pictures;
import io.ruido.gateway.Services;
import io.ruido.gateway.Worker;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP as browsers, caches and proxies expect it. */
class HttpTest {
    private static final String FRIEND = "https://friend.example";

    @RegisterExtension
    static final Services SERVICES = new Services(Map.of("ruido.gateway.allowed-origins", FRIEND));

    private final Client client = SERVICES.client;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/jobs",
                "/v1/images/generations",
                "/sdapi/v1/txt2img",
                "/v1/jobs/01a00000-0000-7000-8000-000000000000",
                "/openapi.yaml",
                "/v1/nothing"
            })
    void pagesOfAllowedOriginsMayCallAndReadEverything(String path) {
        Client.Answer preflight = client.send(
                "OPTIONS",
                path,
                null,
                "Origin",
                FRIEND,
                "Access-Control-Request-Method",
                "POST",
                "Access-Control-Request-Headers",
                "authorization, x-own");
        Client.Answer answer = client.get(path, "Origin", FRIEND);

        assertThat(preflight.status()).isEqualTo(204);
        assertThat(preflight.header("Access-Control-Allow-Origin")).isEqualTo(FRIEND);
        assertThat(preflight.header("Access-Control-Allow-Methods")).contains("POST", "DELETE");
        assertThat(preflight.header("Access-Control-Allow-Headers")).isEqualTo("authorization, x-own");
        assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(FRIEND);
        assertThat(answer.header("Access-Control-Allow-Credentials")).isNull();
        assertThat(answer.header("Vary")).containsIgnoringCase("Origin");
    }

    @Test
    void pagesOfOtherOriginsMayReadNothing() {
        Client.Answer preflight = client.send(
                "OPTIONS", "/v1/jobs", null, "Origin", "https://evil.example", "Access-Control-Request-Method", "POST");
        Client.Answer answer = client.get("/v1/jobs", "Origin", "https://evil.example");

        assertThat(preflight.status()).isEqualTo(405);
        assertThat(preflight.header("Access-Control-Allow-Origin")).isNull();
        assertThat(answer.header("Access-Control-Allow-Origin")).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/openapi.yaml",
                "/metrics",
                "/health/live",
                "/v1/jobs",
                "/v1/models",
                "/sdapi/v1/options",
                "/v1/jobs/JOB",
                "/v1/jobs/JOB/images/0",
                "/v1/jobs/01a00000-0000-7000-8000-000000000000"
            })
    void headIsGetWithoutTheBody(String path) throws Exception {
        String finished = path.replace("JOB", finished().toString());

        Client.Answer head = client.send("HEAD", finished, null);
        Client.Answer get = client.get(finished);

        assertThat(head.status()).isEqualTo(get.status());
        assertThat(head.header("Content-Type")).isEqualTo(get.header("Content-Type"));
        assertThat(head.raw().body()).isEmpty();
        if (path.contains("JOB")) {
            assertThat(head.header("Content-Length")).isEqualTo(get.header("Content-Length"));
        }
    }

    @Test
    void anImageIsNotSentAgainToWhoHasIt() throws Exception {
        String path = "/v1/jobs/" + finished() + "/images/0";
        Client.Answer image = client.get(path);
        String tag = image.header("ETag");

        assertThat(image.header("Cache-Control")).contains("private", "immutable");
        for (String known : new String[] {tag, "W/" + tag, "\"other\", " + tag, "*"}) {
            Client.Answer again = client.get(path, "If-None-Match", known);
            assertThat(again.status()).as(known).isEqualTo(304);
            assertThat(again.header("ETag")).isEqualTo(tag);
        }
        assertThat(client.get(path, "If-None-Match", "\"other\"").raw().body()).isEqualTo(Worker.PNG);
        assertThat(client.get(path, "Range", "bytes=0-1", "If-Range", tag).status())
                .isEqualTo(206);
        assertThat(client.get(path, "Range", "bytes=0-1", "If-Range", "\"other\"")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void anUploadIsNotSentAgainToWhoHasIt() {
        String path = client.upload(Pictures.png(64, 64)).header("Location");

        assertThat(client.get(path, "If-None-Match", client.get(path).header("ETag"))
                        .status())
                .isEqualTo(304);
    }

    @Test
    void aBodyMayBeCompressed() throws Exception {
        HttpResponse<String> json = post("/v1/jobs", gzip("{\"prompt\": \"small\"}"), "gzip", "application/json");
        HttpResponse<String> picture = post("/v1/uploads", gzip(Pictures.png(64, 32)), "X-GZip", "image/png");

        assertThat(json.statusCode()).as(json.body()).isEqualTo(202);
        assertThat(json.body()).contains("\"small\"");
        assertThat(picture.statusCode()).as(picture.body()).isEqualTo(201);
    }

    @Test
    void aBodyThatInflatesToTooMuchIsRefused() throws Exception {
        byte[] bomb = gzip("{\"prompt\": \"" + "a".repeat(50 << 20) + "\"}");

        HttpResponse<String> refused = post("/v1/jobs", bomb, "gzip", "application/json");

        assertThat(bomb).hasSizeLessThan(60_000);
        assertThat(refused.statusCode()).isEqualTo(413);
        assertThat(client.submit("{\"prompt\": \"after it\"}").status()).isEqualTo(202);
    }

    @Test
    void aBodyInAnotherEncodingIsRefusedByName() throws Exception {
        HttpResponse<String> refused = post("/v1/jobs", new byte[] {1, 2, 3}, "br", "application/json");
        HttpResponse<String> broken = post("/v1/jobs", new byte[] {1, 2, 3}, "gzip", "application/json");

        assertThat(refused.statusCode()).isEqualTo(415);
        assertThat(refused.body()).contains("Content-Encoding").contains("\"br\"");
        assertThat(refused.headers().firstValue("Accept-Encoding")).contains("gzip");
        assertThat(broken.statusCode()).isEqualTo(400);
        assertThat(broken.body()).contains("is not in gzip format");
    }

    private HttpResponse<String> post(String path, byte[] body, String encoding, String type) throws Exception {
        return client.http.send(
                HttpRequest.newBuilder(client.address.resolve(path))
                        .timeout(Client.TIMEOUT)
                        .header("Content-Type", type)
                        .header("Content-Encoding", encoding)
                        .POST(BodyPublishers.ofByteArray(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private UUID finished() throws IOException {
        UUID id = client.submitted("{\"prompt\": \"finished\"}");
        SERVICES.worker.finish(id);
        return id;
    }

    private static byte[] gzip(String text) throws IOException {
        return gzip(text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] gzip(byte[] plain) throws IOException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(compressed)) {
            out.write(plain);
        }
        return compressed.toByteArray();
    }
}
