package io.ruido.standalone;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.ruido.config.RuidoConfig;
import io.ruido.gateway.Gateway;
import io.ruido.job.JobJson;
import io.ruido.kafka.JobConsumer;
import io.ruido.kafka.KafkaClients;
import io.ruido.kafka.Topics;
import io.ruido.telemetry.Telemetry;
import io.ruido.worker.Worker;
import io.ruido.worker.models.Models;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What a gateway and a worker in one process tell of themselves and of a job. */
@Timeout(300)
class TelemetryTest {
    private static final String API_KEY = "an-api-key-that-nobody-may-read";
    private static final String S3_KEY = "an-s3-key-that-nobody-may-read";
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String CLIENT_SPAN = "00f067aa0ba902b7";

    /** One slot lets five images through; later ones wait in line for a while. */
    private static final int LET_THROUGH = 5;

    @TempDir
    static Path folder;

    private static final InMemorySpanExporter SPANS = InMemorySpanExporter.create();
    private static final ListAppender<ILoggingEvent> LOGS = new ListAppender<>();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static RuidoConfig config;
    private static Servers servers;
    private static Telemetry telemetry;
    private static Gateway gateway;
    private static Worker worker;

    @BeforeAll
    static void start() throws Exception {
        LOGS.start();
        root().addAppender(LOGS);
        TinyModel.install(folder.resolve("models"));
        Settings settings = new Settings(
                Map.of(
                        "ruido.data-dir", folder.resolve("data").toString(),
                        "ruido.worker.models", folder.resolve("models").toString(),
                        "ruido.worker.slots", "1",
                        "ruido.gateway.port", "0",
                        "ruido.gateway.api-keys", keys().toString(),
                        "ruido.s3.secret-key", S3_KEY,
                        "ruido.redis.timeout", "PT20S",
                        "ruido.kafka.timeout", "PT20S",
                        "ruido.s3.timeout", "PT20S"),
                Map.of(),
                Optional.empty());
        servers = Servers.start(settings.load());
        config = settings.with(servers.addresses()).load();
        telemetry = new Telemetry(OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder()
                        .addSpanProcessor(SimpleSpanProcessor.create(SPANS))
                        .build())
                .build());
        gateway = Gateway.start(config, telemetry);
        worker = Worker.start(config, Models.read(config.worker()), telemetry);
    }

    private static Path keys() throws Exception {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(API_KEY.getBytes(StandardCharsets.UTF_8));
        return Files.writeString(
                folder.resolve("keys.yaml"),
                "[{name: boss, admin: true, sha256: \"%s\"}]"
                        .formatted(HexFormat.of().formatHex(hash)));
    }

    @AfterAll
    static void stop() {
        worker.close();
        gateway.close();
        telemetry.close();
        servers.close();
        HTTP.close();
        root().detachAppender(LOGS);
    }

    @Test
    void oneTraceHoldsAllThatWasDoneForAJobThoughItWaitedInLine() throws Exception {
        IntStream.range(0, LET_THROUGH).forEach(i -> submit("{\"prompt\": \"another\", \"steps\": 150}"));
        HttpResponse<String> submitted = submit(
                "{\"prompt\": \"a red apple\", \"steps\": 3, \"count\": 2}",
                "traceparent",
                "00-%s-%s-01".formatted(TRACE, CLIENT_SPAN));
        JsonNode job = JobJson.MAPPER.readTree(submitted.body());
        assertThat(job.get("position").asInt()).as("place in line").isPositive();
        awaitEnd(job);
        await().atMost(Duration.ofSeconds(60)).until(() -> named("image").size() == 2);

        SpanData request = named("POST /v1/jobs").getFirst();
        assertThat(request.getParentSpanId()).isEqualTo(CLIENT_SPAN);
        assertThat(request.getAttributes().get(AttributeKey.stringKey("ruido.job.id")))
                .isEqualTo(job.get("id").asText());
        assertThat(trace().stream()
                        .collect(Collectors.groupingBy(
                                span -> parent(span) + " > " + span.getName(), Collectors.counting())))
                .isEqualTo(Map.of(
                        "client > POST /v1/jobs", 1L,
                        "POST /v1/jobs > queued", 1L,
                        "POST /v1/jobs > encoding", 1L,
                        "POST /v1/jobs > image", 2L,
                        "image > sampling", 2L,
                        "image > decoding", 2L,
                        "image > uploading", 2L));
        assertThat(named("sampling"))
                .allSatisfy(span -> assertThat(span.getAttributes().get(AttributeKey.longKey("ruido.steps.made")))
                        .isEqualTo(3));
        SpanData queued = named("queued").getFirst();
        assertThat(queued.getEndEpochNanos())
                .isLessThanOrEqualTo(named("encoding").getFirst().getEndEpochNanos());
    }

    private static List<SpanData> trace() {
        return SPANS.getFinishedSpanItems().stream()
                .filter(span -> span.getTraceId().equals(TRACE))
                .toList();
    }

    private static List<SpanData> named(String name) {
        return trace().stream().filter(span -> span.getName().equals(name)).toList();
    }

    private static String parent(SpanData child) {
        Map<String, String> names = trace().stream().collect(toMap(SpanData::getSpanId, SpanData::getName));
        return names.getOrDefault(child.getParentSpanId(), "client");
    }

    @Test
    void onePageHoldsTheGatewaysMetricsAndTheWorkersEachOnce() throws Exception {
        awaitEnd(JobJson.MAPPER.readTree(
                submit("{\"prompt\": \"a red apple\", \"steps\": 2}").body()));
        List<String> series = get("/metrics")
                .body()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.substring(0, line.lastIndexOf(' ')))
                .toList();
        assertThat(series)
                .doesNotHaveDuplicates()
                .contains("ruido_steps_total{model=\"tiny\"}", "ruido_active_samples", "ruido_workers{model=\"tiny\"}")
                .contains("ruido_stage_seconds_count{model=\"tiny\",stage=\"decoding\"}")
                .allMatch(name -> name.matches("[a-z][a-z0-9_]*(\\{.*})?"));
    }

    @Test
    void theDashboardAsksForMetricsThatThereAre() throws Exception {
        awaitEnd(JobJson.MAPPER.readTree(
                submit("{\"prompt\": \"a red apple\", \"steps\": 2}").body()));
        send(request("/v1/jobs")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"prompt\": \"a red apple\", \"steps\": 0}")));
        JsonNode dashboard =
                JobJson.MAPPER.readTree(Path.of("../grafana/ruido.json").toFile());
        Set<String> wanted = dashboard.findValuesAsText("expr").stream()
                .flatMap(expression -> Pattern.compile("\\b(ruido|vertx|jvm|process)_\\w+")
                        .matcher(expression)
                        .results()
                        .map(MatchResult::group))
                .filter(name -> !name.equals("ruido_gpu_memory_used_bytes")) // there is none here
                .collect(Collectors.toSet());
        Set<String> told = get("/metrics")
                .body()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split("[{ ]")[0])
                .collect(Collectors.toSet());
        assertThat(told).hasSizeGreaterThan(20).containsAll(wanted);
        assertThat(wanted).hasSizeGreaterThan(15);
    }

    @Test
    void logsNameTheJobTheyAreAboutAndNoSecret() throws Exception {
        String hookSecret = JobJson.MAPPER
                .readTree(get("/v1/webhook-secret").body())
                .get("secret")
                .asText();
        awaitEnd(JobJson.MAPPER.readTree(
                submit("{\"prompt\": \"a red apple\", \"steps\": 2, \"webhook\": \"http://127.0.0.1:9/?token=%s\"}"
                                .formatted(hookSecret))
                        .body()));
        get("/v1/jobs", "Authorization", "Bearer " + API_KEY + "-but-wrong");
        String id = JobJson.MAPPER
                .readTree(submit("{\"prompt\": \"poison\", \"steps\": 2}").body())
                .get("id")
                .asText();
        poison(id);

        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(logged())
                .anyMatch(event -> id.equals(event.getMDCPropertyMap().get(JobConsumer.JOB_ID))
                        && event.getFormattedMessage().contains(Topics.DEAD_LETTER))
                .anyMatch(event -> event.getFormattedMessage().contains("webhook")
                        && event.getMDCPropertyMap().containsKey(JobConsumer.JOB_ID)));
        String all = logged().stream()
                .map(event -> event.getFormattedMessage() + event.getThrowableProxy())
                .collect(Collectors.joining("\n"));
        assertThat(all).contains("Gateway listens").doesNotContain(API_KEY, S3_KEY, hookSecret);
    }

    private static void poison(String id) {
        try (var producer = new KafkaProducer<>(
                KafkaClients.common(config.kafka()), new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>(Topics.prompt(TinyModel.NAME), id, "{\"type\": \"prompt\"}"));
        }
    }

    private static List<ILoggingEvent> logged() {
        synchronized (LOGS) {
            return List.copyOf(LOGS.list);
        }
    }

    private static Logger root() {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        assertThat(root.getLevel()).isEqualTo(Level.WARN);
        return root;
    }

    private static HttpResponse<String> submit(String job, String... headers) {
        HttpResponse<String> answer = send(request("/v1/jobs", headers)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(job)));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        return answer;
    }

    private static HttpResponse<String> get(String path, String... headers) {
        return send(request(path, headers));
    }

    private static HttpRequest.Builder request(String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + gateway.port()).resolve(path))
                .timeout(Duration.ofSeconds(60))
                .setHeader("Authorization", "Bearer " + API_KEY);
        for (int i = 0; i < headers.length; i += 2) {
            request.setHeader(headers[i], headers[i + 1]);
        }
        return request;
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return HTTP.send(request.build(), BodyHandlers.ofString());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void awaitEnd(JsonNode job) {
        String path = job.at("/links/self").asText();
        await().atMost(Duration.ofSeconds(120)).until(() -> JobJson.MAPPER
                .readTree(get(path).body())
                .get("state")
                .asText()
                .equals("SUCCEEDED"));
    }
}
