package io.ruido.gateway.webhooks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.standardwebhooks.Webhook;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.ruido.gateway.Client;
import io.ruido.gateway.Services;
import io.ruido.job.JobJson;
import io.ruido.job.SampleId;
import io.ruido.redis.WebhookStore;
import io.ruido.s3.ResultStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class WebhookTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of("ruido.gateway.private-webhooks", "true"));

    private final BlockingQueue<Message> received = new LinkedBlockingQueue<>();
    private volatile int answer = 204;
    private HttpServer receiver;

    private record Message(Map<String, List<String>> headers, String body) {}

    @BeforeEach
    void receive() throws IOException {
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            int status = answer; // before the test hears of the message, and changes it
            received.add(new Message(Map.copyOf(exchange.getRequestHeaders()), body));
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        receiver.start();
    }

    @AfterEach
    void stop() {
        receiver.stop(0);
    }

    @Test
    void theEndOfAJobIsToldAndSigned() throws Exception {
        UUID id = submitted();
        SERVICES.worker.finish(id);

        Message message = received.poll(1, TimeUnit.MINUTES);

        String secret =
                SERVICES.client.get("/v1/webhook-secret").json().get("secret").asText();
        new Webhook(secret).verify(message.body, message.headers);
        JsonNode told = JobJson.MAPPER.readTree(message.body);
        assertThat(told.get("type").asText()).isEqualTo("job.succeeded");
        assertThat(told.get("data").get("id").asText()).isEqualTo(id.toString());
        assertThat(told.get("data").get("images").get(0).get("url").asText()).endsWith("/images/0");
    }

    @Test
    void theStartAndTheProgressOfAJobAreToldWhereTheyAreAskedFor() throws Exception {
        UUID id = submitted(", \"webhookEvents\": [\"started\", \"progress\", \"ended\"]");
        SampleId sample = new SampleId(id, 0);
        int attempt = SERVICES.worker.claim(sample);
        Message started = received.poll(1, TimeUnit.MINUTES);
        SERVICES.worker.step(sample, attempt, 7, 20, "");
        Message progress = received.poll(1, TimeUnit.MINUTES);
        SERVICES.client.post("/v1/jobs/" + id + "/cancel", "");
        Message ended = received.poll(1, TimeUnit.MINUTES);

        assertThat(type(started)).isEqualTo("job.started");
        assertThat(type(progress)).isEqualTo("job.progress");
        assertThat(JobJson.MAPPER
                        .readTree(progress.body)
                        .at("/data/images/0/step")
                        .asInt())
                .isEqualTo(7);
        assertThat(type(ended)).isEqualTo("job.cancelled");
        assertThat(Stream.of(started, progress, ended).map(message -> message.headers.get("Webhook-id")))
                .doesNotHaveDuplicates();
    }

    @Test
    void theEndIsNotToldWhereOnlyTheStartIsAskedFor() throws Exception {
        UUID id = submitted(", \"webhookEvents\": [\"started\"]");
        SERVICES.worker.claim(new SampleId(id, 0));
        Message started = received.poll(1, TimeUnit.MINUTES);
        SERVICES.client.post("/v1/jobs/" + id + "/cancel", "");

        assertThat(type(started)).isEqualTo("job.started");
        assertThat(received.poll(3, TimeUnit.SECONDS)).isNull();
    }

    @Test
    void eventsThatThereAreNotAreRefused() {
        Client.Answer unknown = SERVICES.client.submit(
                "{\"prompt\": \"x\", \"webhook\": \"http://example.org/\", \"webhookEvents\": [\"ended\", \"paused\"]}");
        Client.Answer alone = SERVICES.client.submit("{\"prompt\": \"x\", \"webhookEvents\": [\"ended\"]}");

        assertThat(unknown.json().get("detail").asText())
                .isEqualTo("webhookEvents must be one of started, progress, ended (was \"paused\")");
        assertThat(alone.json().get("detail").asText()).contains("webhookEvents needs webhook");
    }

    private static String type(Message message) throws IOException {
        return JobJson.MAPPER.readTree(message.body).get("type").asText();
    }

    @Test
    void aReceiverThatFailsIsToldAgainWithTheSameId() throws Exception {
        answer = 500;
        UUID id = submitted();
        SERVICES.client.post("/v1/jobs/" + id + "/cancel", "");

        Message first = received.poll(1, TimeUnit.MINUTES);
        answer = 204;
        Message second = received.poll(1, TimeUnit.MINUTES);

        assertThat(second.headers.get("Webhook-id")).isEqualTo(first.headers.get("Webhook-id"));
        assertThat(second.body).contains("job.cancelled");
    }

    @Test
    void aWebhookOutlivesItsGateway() throws Exception {
        UUID id = submitted();
        SERVICES.gateway.close();
        SERVICES.worker.finish(id);

        SERVICES.restartGateway();

        assertThat(received.poll(1, TimeUnit.MINUTES).body).contains(id.toString());
    }

    @Test
    void whatCannotBeDeliveredIsKept() throws Exception {
        WebhookStore store = new WebhookStore(SERVICES.connection);
        Webhooks hopeless = new Webhooks(
                store,
                SERVICES.store,
                new ResultStore(SERVICES.config.s3()),
                new WebhookClient(false, Clock.systemUTC(), new SimpleMeterRegistry()),
                List.of(),
                Thread::startVirtualThread,
                Thread::startVirtualThread);
        UUID id = submitted();
        SERVICES.gateway.close();
        try {
            SERVICES.worker.finish(id);

            hopeless.run().toCompletableFuture().join();

            await().untilAsserted(() -> assertThat(
                            store.dead(10).toCompletableFuture().join())
                    .anyMatch(dead -> dead.contains(id.toString()) && dead.contains("not a public address")));
            assertThat(received).isEmpty();
        } finally {
            SERVICES.restartGateway();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://example.org/", "example.org", "http:///path", "http://user:word@example.org/"})
    void whatIsNoAddressOfAReceiverIsRefused(String url) {
        Client.Answer refused = SERVICES.client.submit("{\"prompt\": \"x\", \"webhook\": \"" + url + "\"}");

        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.json().get("errors").get(0).get("field").asText()).isEqualTo("webhook");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
                "224.0.0.1", "255.255.255.255", "::1", "::ffff:10.1.2.3", "fe80::1", "fd00::1", "64:ff9b::a01:203",
                "168.63.129.16"
            })
    void addressesThatAreNotPublicAreNotCalled(String address) throws IOException {
        assertThat(PublicSockets.isPublic(InetAddress.getByName(address))).isFalse();
        assertThat(PublicSockets.isPublic(InetAddress.getByName("93.184.216.34")))
                .isTrue();
        assertThat(PublicSockets.isPublic(InetAddress.getByName("2606:2800:220:1::1")))
                .isTrue();
    }

    @Test
    void whatAReceiverAnswersIsLoggedInFewWordsOfOneLine() throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger(Webhooks.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        try (ServerSocket rude = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> {
                try (Socket socket = rude.accept()) {
                    String line = "NONSENSE \u001b[31m\rforged " + "x".repeat(100_000);
                    socket.getOutputStream().write((line + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
                    socket.getInputStream().readAllBytes();
                } catch (IOException e) {
                    // The gateway closes the connection when it has read enough.
                }
            });
            SERVICES.worker.finish(SERVICES.client.submitted(
                    "{\"prompt\": \"x\", \"webhook\": \"http://127.0.0.1:%d/\"}".formatted(rude.getLocalPort())));
            await().until(() -> lines.list.stream()
                    .anyMatch(line -> line.getFormattedMessage().contains("webhook")));
        } finally {
            logger.detachAppender(lines);
        }
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .allSatisfy(line -> assertThat(line).hasSizeLessThan(500).doesNotContain("\u001b", "\r"));
    }

    @Test
    void aNameThatLeadsToAPrivateAddressIsNotCalled() {
        WebhookClient careful = new WebhookClient(false, Clock.systemUTC(), new SimpleMeterRegistry());
        String url = "http://localhost:" + receiver.getAddress().getPort();

        assertThatThrownBy(() -> careful.post(url, "msg_1", "whsec_c2VjcmV0", Map.of()))
                .hasMessageContaining("not a public address");
        assertThat(received).isEmpty();
    }

    private UUID submitted() {
        return submitted("");
    }

    private UUID submitted(String more) {
        return SERVICES.client.submitted("{\"prompt\": \"tell me\", \"webhook\": \"http://127.0.0.1:%d/hook\"%s}"
                .formatted(receiver.getAddress().getPort(), more));
    }
}
