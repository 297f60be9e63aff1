package io.ruido.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.ruido.job.SampleId;
import io.ruido.kafka.JobConsumer;
import io.ruido.kafka.JobPublisher;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.LoggerFactory;

/** One server goes away and comes back: meanwhile the gateway says so at once, afterwards it goes on. */
class OutageTest {
    private static final String APPLE = "{\"prompt\": \"a red apple\"}";
    private static final Duration SOON = Duration.ofSeconds(10);

    @RegisterExtension
    static final Services SERVICES = new Services(Map.of("ruido.kafka.timeout", "PT3S", "ruido.s3.timeout", "PT3S"));

    private final Client client = SERVICES.client;
    private final Worker worker = SERVICES.worker;

    @Test
    void withoutRedisRequestsAreRefusedAndWatchersMissNothing() throws Exception {
        UUID id = client.submitted(APPLE);
        SampleId sample = new SampleId(id, 0);
        Watcher watcher = Watcher.open(client, "/v1/jobs/" + id + "/ws");
        await().untilAsserted(() -> assertThat(watcher.numbers()).containsExactly(1L));

        SERVICES.stopRedis();
        unavailable(client.submit(APPLE), "Redis");
        unavailable(client.get("/v1/jobs"), "Redis");
        unavailable(client.get("/v1/jobs/" + id), "Redis");
        unavailable(client.post("/v1/jobs/" + id + "/cancel", ""), "Redis");
        unavailable(client.get("/v1/jobs/" + id + "/events"), "Redis");
        Client.Answer openAi = client.post("/v1/images/generations", APPLE, "Content-Type", "application/json");
        assertThat(openAi.status()).isEqualTo(503);
        assertThat(openAi.header("Retry-After")).isNotNull();
        assertThat(openAi.json().get("error").get("type").asText()).isEqualTo("server_error");
        notReady("redis");
        SERVICES.startRedis();

        await().atMost(SOON).until(() -> client.submit(APPLE).status() == 202);
        await().atMost(SOON).ignoreExceptions().untilAsserted(() -> worker.status(id));
        worker.sample(sample, 2, "");
        assertThat(watcher.closeStatus()).isEqualTo(1000);
        assertThat(watcher.numbers()).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L);
        ready();
    }

    @Test
    void anOutageIsLoggedOnceHoweverManyRequestsAreRefused() {
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        ListAppender<ILoggingEvent> logged = new ListAppender<>();
        logged.start();
        root.addAppender(logged);
        try {
            SERVICES.stopRedis();
            for (int i = 0; i < 100; i++) {
                unavailable(client.get("/v1/jobs"), "Redis");
            }
            SERVICES.startRedis();
            await().until(() -> logged(logged, Level.INFO).stream()
                    .anyMatch(line -> line.startsWith("Redis is available again after ")));
        } finally {
            root.detachAppender(logged);
        }
        assertThat(logged(logged, Level.WARN))
                .filteredOn(line -> line.startsWith("Redis is unavailable"))
                .hasSize(1);
        assertThat(logged(logged, Level.WARN)).hasSizeLessThan(5);
    }

    /** What Ruido says itself. */
    private static List<String> logged(ListAppender<ILoggingEvent> logged, Level level) {
        return List.copyOf(logged.list).stream()
                .filter(line -> line.getLoggerName().startsWith("io.ruido")
                        && line.getLevel().equals(level))
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Test
    void withoutKafkaJobsAreAcceptedAndPublishedLater() {
        client.submitted(APPLE);

        SERVICES.stopKafka();
        UUID meanwhile = client.submitted(APPLE);
        notReady("kafka");
        SERVICES.startKafka();

        Set<UUID> published = ConcurrentHashMap.newKeySet();
        try (JobPublisher publisher = new JobPublisher(SERVICES.config.kafka());
                JobConsumer _ = SERVICES.slot(publisher, published)) {
            await().atMost(Duration.ofSeconds(60)).until(() -> published.contains(meanwhile));
        }
        ready();
    }

    @Test
    void withoutS3OnlyImagesAreUnavailable() throws Exception {
        UUID id = client.submitted(APPLE);
        worker.finish(id);

        SERVICES.stopS3();
        unavailable(client.get("/v1/jobs/" + id + "/images/0"), "The object store");
        notReady("s3");
        assertThat(client.submit(APPLE).status()).isEqualTo(202);
        assertThat(client.get("/v1/jobs/" + id).status()).isEqualTo(200);
        SERVICES.startS3();

        await().atMost(SOON)
                .until(() -> client.get("/v1/jobs/" + id + "/images/0").status() == 200);
        ready();
    }

    private void notReady(String server) {
        Client.Answer answer = client.get("/health/ready");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.json().get("checks").get(server).asText()).isEqualTo("DOWN");
        assertThat(client.get("/health/live").status()).isEqualTo(200);
    }

    private void ready() {
        await().atMost(SOON).untilAsserted(() -> assertThat(client.get("/health/ready"))
                .hasToString("200 {\"status\":\"UP\",\"checks\":{\"kafka\":\"UP\",\"redis\":\"UP\",\"s3\":\"UP\"}}"));
    }

    private static void unavailable(Client.Answer answer, String server) {
        assertThat(answer.status()).as(answer.toString()).isEqualTo(503);
        assertThat(answer.header("Retry-After")).isNotNull();
        assertThat(answer.json().get("code").asText()).isEqualTo("unavailable");
        assertThat(answer.json().get("detail").asText()).startsWith(server + " is unavailable");
    }
}
