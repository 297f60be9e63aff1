package io.ruido.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.gateway.Client;
import io.ruido.gateway.Services;
import io.ruido.gateway.Watcher;
import java.io.IOException;
import java.net.Socket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RefusalTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of(
            "ruido.jobs.max-steps", "50",
            "ruido.jobs.max-count", "4",
            "ruido.jobs.max-prompt-length", "40",
            "ruido.gateway.max-body-bytes", "2000"));

    private final Client client = SERVICES.client;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "steps            | 0                | must be at least 1",
                "steps            | 51               | must be at most 50",
                "steps            | 2.5              | must be a whole number",
                "steps            | 99999999999999999999 | must be at most 50",
                "steps            | \"20\"           | must be a whole number",
                "steps            | null             | must be a whole number",
                "count            | 0                | must be at least 1",
                "count            | 5                | must be at most 4",
                "width            | 100              | must be divisible by 64 for model apples",
                "height           | 1024             | must be from 64 to 512 for model apples",
                "height           | -64              | must be at least 1",
                "guidanceScale    | -1               | must be at least 0",
                "guidanceScale    | 1e999            | must be at most 100",
                "seed             | -1               | must be at least 0",
                "seed             | 4294967296       | must be at most 4294967295",
                "expiresIn        | 0                | must be at least 1",
                "sampler          | \"plms\"         | must be one of ddim, euler",
                "priority         | \"urgent\"       | must be one of interactive, batch",
                "type             | \"video\"        | must be one of prompt, sampling",
                "negativePrompt   | [\"blurry\"]     | must be of type string",
                "cfg              | 7                | is unknown; known fields are type, prompt, negativePrompt",
            })
    void aFieldIsRefusedWithItsNameAndValue(String field, String value, String reason) {
        String prompt = field.equals("prompt") ? "" : "\"prompt\": \"a red apple\", ";

        Client.Answer answer = client.submit("{" + prompt + "\"" + field + "\": " + value + "}");

        JsonNode problem = problem(answer, 400, "invalid-field");
        JsonNode error = problem.get("errors").get(0);
        assertThat(problem.get("errors")).hasSize(1);
        assertThat(error.get("field").asText()).isEqualTo(field);
        assertThat(error.get("reason").asText()).startsWith(reason);
        assertThat(error.get("value").asText()).isEqualTo(plain(value));
        assertThat(problem.get("detail").asText()).startsWith(field + " " + reason);
    }

    private static String plain(String json) {
        return switch (json) {
            case "[\"blurry\"]" -> "";
            case "1e999" -> "Infinity";
            default -> json.replace("\"", "");
        };
    }

    @Test
    void aMissingPromptIsNamed() {
        JsonNode error =
                problem(client.submit("{}"), 400, "invalid-field").get("errors").get(0);

        assertThat(error.get("field").asText()).isEqualTo("prompt");
        assertThat(error.get("reason").asText()).isEqualTo("must be given");
        assertThat(error.get("value").isNull()).isTrue();
    }

    @Test
    void aLongPromptIsRefusedAndOnlyItsBeginningTold() {
        Client.Answer answer = client.submit("{\"prompt\": \"" + "apple ".repeat(100) + "\"}");

        JsonNode error = problem(answer, 400, "invalid-field").get("errors").get(0);
        assertThat(error.get("reason").asText()).isEqualTo("must have at most 40 characters");
        assertThat(error.get("value").asText()).startsWith("apple apple").hasSizeLessThan(100);
    }

    @Test
    void allWrongFieldsAreToldAtOnce() {
        Client.Answer answer = client.submit("{\"prompt\": \"x\", \"steps\": 0, \"count\": 99, \"cfg\": 7}");

        assertThat(problem(answer, 400, "invalid-field").get("errors"))
                .extracting(error -> error.get("field").asText())
                .containsExactlyInAnyOrder("steps", "count", "cfg");
    }

    @Test
    void aSamplingJobOfSeveralImagesIsRefused() {
        Client.Answer answer = client.submit("{\"type\": \"sampling\", \"prompt\": \"x\", \"count\": 2}");

        assertThat(problem(answer, 400, "invalid-field").get("detail").asText())
                .isEqualTo("count must be 1 for a sampling job (was 2)");
    }

    @Test
    void anUnknownModelIsAnsweredWithTheKnownOnes() {
        Client.Answer answer = client.submit("{\"prompt\": \"x\", \"model\": \"sdxl\"}");

        assertThat(problem(answer, 400, "unknown-model").get("detail").asText())
                .isEqualTo("model must be one of apples, pears (was \"sdxl\")");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{\"prompt\": \"x\"} {}", "prompt=x", "{\"prompt\": \"x\",}"})
    void aBodyThatIsNoJsonIsRefused(String body) {
        problem(client.submit(body), 400, "malformed-request");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "\"a red apple\"", "7", "null"})
    void aBodyThatIsNoObjectIsRefused(String body) {
        JsonNode error =
                problem(client.submit(body), 400, "invalid-field").get("errors").get(0);

        assertThat(error.get("field").asText()).isEqualTo("body");
        assertThat(error.get("reason").asText()).isEqualTo("must be of type object");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "a;b", "a,b", "ü", "a\\nb", "a\\\\b", "\\\"a\\\"", ""})
    void aKeyThatNoCookieCanHaveIsRefused(String key) {
        Client.Answer answer =
                client.post("/v1/session", "{\"key\": \"" + key + "\"}", "Content-Type", "application/json");

        JsonNode error = problem(answer, 400, "invalid-field").get("errors").get(0);
        assertThat(error.get("field").asText()).isEqualTo("key");
        assertThat(error.get("reason").asText()).startsWith("must match");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"multipart/form-data; boundary=x", "Multipart/Form-Data", "application/x-www-form-urlencoded"})
    void aFormIsRefusedWhereNoneIsTakenAndOfNoInterestWhereNoBodyIs(String type) {
        problem(client.post("/v1/jobs", "prompt=x", "Content-Type", type), 415, "unsupported-media-type");
        assertThat(client.get("/v1/models", "Content-Type", type).status()).isEqualTo(200);
        assertThat(client.get("/v1/images/edits", "Content-Type", type).status())
                .isEqualTo(405);
    }

    @Test
    void aBodyOfAnotherMediaTypeIsRefused() {
        problem(client.post("/v1/jobs", "{\"prompt\": \"x\"}"), 415, "unsupported-media-type");
        problem(
                client.post("/v1/jobs", "prompt=x", "Content-Type", "application/x-www-form-urlencoded"),
                415,
                "unsupported-media-type");
    }

    @Test
    void aBodyThatIsTooLargeIsRefused() {
        Client.Answer answer = client.submit("{\"prompt\": \"" + "x".repeat(2_000) + "\"}");

        JsonNode error = problem(answer, 413, "body-too-large").get("errors").get(0);
        assertThat(error.get("field").asText()).isEqualTo("body");
        assertThat(error.get("reason").asText()).isEqualTo("must have at most 2000 bytes");
    }

    @Test
    void pathsAndMethodsThatAreNotThereAreProblemsToo() {
        problem(client.get("/v2/jobs"), 404, "not-found");
        problem(client.get("/main.ts"), 404, "not-found");
        Client.Answer answer = client.send("PUT", "/v1/jobs", null);
        problem(answer, 405, "method-not-allowed");
        assertThat(answer.header("Allow")).isEqualTo("DELETE, GET, HEAD, POST");
        problem(client.post("/", ""), 405, "method-not-allowed");
        problem(client.get("/v1/ws"), 426, "upgrade-required");
        problem(client.get("/v1/jobs/0199e1f2-0000-7000-8000-000000000000/ws"), 426, "upgrade-required");
    }

    @Test
    void jobsThatAreNotThereAreNotFound() {
        String nobody = "/v1/jobs/0199e1f2-0000-7000-8000-000000000000";
        problem(client.get(nobody), 404, "not-found");
        problem(client.post(nobody + "/cancel", ""), 404, "not-found");
        problem(client.get(nobody + "/events"), 404, "not-found");
        problem(client.get(nobody + "/images/0"), 404, "not-found");
        assertThatThrownBy(() -> Watcher.open(client, nobody + "/ws"))
                .hasCauseInstanceOf(WebSocketHandshakeException.class)
                .cause()
                .extracting(refused ->
                        ((WebSocketHandshakeException) refused).getResponse().statusCode())
                .isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/jobs/7,                                              id,            must be a uuid",
        "/v1/jobs/urn:uuid:0199e1f2-0000-7000-8000-000000000000,  id,            must have at most 36 characters",
        "/v1/jobs?limit=0,                                        limit,         must be at least 1",
        "/v1/jobs?limit=many,                                     limit,         must be a whole number",
        "/v1/jobs?before=yesterday,                               before,        must be a uuid",
        "/v1/jobs?state=DONE,                                     state,         must be one of QUEUED",
        "/v1/jobs?page=2,                                         page,          is not a parameter of this path",
        "/v1/jobs/0199e1f2-0000-7000-8000-000000000000/images/-1, index,         must be at least 0",
        "/v1/jobs/0199e1f2-0000-7000-8000-000000000000/ws?after=x, after,        must be a whole number",
    })
    void aParameterIsRefusedWithItsNameAndValue(String path, String name, String reason) {
        JsonNode error =
                problem(client.get(path), 400, "invalid-field").get("errors").get(0);

        assertThat(error.get("field").asText()).isEqualTo(name);
        assertThat(error.get("reason").asText()).startsWith(reason);
        assertThat(path).contains(error.get("value").asText());
    }

    @Test
    void anUndecodableQueryIsRefused() throws IOException {
        assertThat(raw("GET /v1/jobs?limit=%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .contains("malformed-request");
    }

    @Test
    void whatIsNoHttpIsRefused() throws IOException {
        assertThat(raw("GET /v1/jobs HTTP/1.1\r\nContent-Length: no\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .contains("malformed-request");
        assertThat(raw("GET /" + "x".repeat(10_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .contains(" 400 Bad Request", "malformed-request");
    }

    @Test
    void headersThatAreTooLargeAreRefused() throws IOException {
        assertThat(raw("GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX-Large: " + "x".repeat(20_000) + "\r\n\r\n"))
                .contains(" 400 Bad Request", "malformed-request");
    }

    private String raw(String request) throws IOException {
        try (Socket socket = new Socket(client.address.getHost(), client.address.getPort())) {
            socket.setSoTimeout((int) Client.TIMEOUT.toMillis());
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static JsonNode problem(Client.Answer answer, int status, String code) {
        assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        JsonNode problem = answer.json();
        assertThat(problem.get("status").asInt()).isEqualTo(status);
        assertThat(problem.get("code").asText()).isEqualTo(code);
        assertThat(problem.get("type").asText()).isEqualTo("urn:ruido:problem:" + code);
        assertThat(problem.get("title").asText()).isNotEmpty();
        assertThat(problem.get("detail").asText()).isNotEmpty();
        return problem;
    }
}
