package io.ruido.gateway.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.ruido.gateway.Client;
import io.ruido.gateway.Services;
import io.ruido.gateway.Worker;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.SampleId;
import io.ruido.job.UnavailableModel;
import io.ruido.redis.ChangeResult;
import io.ruido.redis.ModelRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class JobsTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of());

    private final Client client = SERVICES.client;
    private final Worker worker = SERVICES.worker;

    @Test
    void jobsAreListedNewestFirstPageByPage() {
        List<String> submitted = IntStream.range(0, 7)
                .mapToObj(i -> client.submitted("{\"prompt\": \"apple\"}").toString())
                .toList();

        List<String> listed = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        String next = "";
        for (int page = 0; page < 3; page++) {
            JsonNode jobs = client.get("/v1/jobs?limit=3" + next).json();
            jobs.get("jobs").forEach(job -> listed.add(job.get("id").asText()));
            sizes.add(jobs.get("jobs").size());
            next = "&before=" + jobs.get("next").asText();
        }

        assertThat(listed.subList(0, 7)).isEqualTo(submitted.reversed());
        assertThat(sizes.subList(0, 2)).containsExactly(3, 3);
    }

    @Test
    void aNarrowedListMissesNothingBetweenItsPages() {
        List<String> pears = new ArrayList<>();
        for (String model : List.of("pears", "apples", "apples", "pears", "pears", "apples", "pears")) {
            UUID id = client.submitted("{\"prompt\": \"one of many\", \"model\": \"" + model + "\"}");
            if (model.equals("pears")) {
                pears.addFirst(id.toString());
            }
        }

        List<String> listed = new ArrayList<>();
        String next = "";
        while (next != null) {
            JsonNode page = client.get("/v1/jobs?model=pears&limit=2" + next).json();
            page.get("jobs").forEach(job -> listed.add(job.get("id").asText()));
            next = page.get("next").isNull()
                    ? null
                    : "&before=" + page.get("next").asText();
        }

        assertThat(listed).doesNotHaveDuplicates().startsWith(pears.toArray(String[]::new));
    }

    @Test
    void aPageCanBeginAtAJobThatIsForgotten() {
        UUID older = client.submitted("{\"prompt\": \"apple\"}");
        String forgotten = older.toString().substring(0, 35) + (older.toString().endsWith("f") ? "0" : "f");

        JsonNode jobs =
                client.get("/v1/jobs?limit=1&before=" + forgotten).json().get("jobs");

        assertThat(jobs).hasSize(1);
        assertThat(jobs.get(0).get("id").asText()).isLessThan(forgotten);
    }

    @Test
    void aListThatFindsNothingLooksAtNoOtherJobs() {
        for (int i = 0; i < 50; i++) {
            client.submitted("{\"prompt\": \"one of many\"}");
        }
        long scripts = calls("evalsha");
        long reads = calls("hmget");

        assertThat(client.get("/v1/jobs?state=EXPIRED&limit=10").json().get("jobs"))
                .isEmpty();

        // Others of the gateway's own come beside it, a few a second.
        assertThat(calls("evalsha") - scripts).isLessThan(25);
        assertThat(calls("hmget") - reads).isLessThan(25);
    }

    private static long calls(String command) {
        String statistics = SERVICES.redisInfo("commandstats");
        Matcher matcher =
                Pattern.compile("cmdstat_" + command + ":calls=(\\d+)").matcher(statistics);
        assertThat(matcher.find()).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    @Test
    void theListCanBeNarrowedToAStateAndAModel() throws Exception {
        client.submitted("{\"prompt\": \"waits\", \"model\": \"pears\"}");
        UUID done = client.submitted("{\"prompt\": \"done\", \"model\": \"pears\"}");
        client.submitted("{\"prompt\": \"of another model\"}");
        worker.finish(done);

        JsonNode list = client.get("/v1/jobs?state=SUCCEEDED&model=pears").json();

        assertThat(list.get("next").isNull()).isTrue();
        assertThat(list.get("jobs")).extracting(job -> job.get("id").asText()).containsExactly(done.toString());
    }

    @Test
    void aWaitingJobThatIsCancelledIsNeverRun() {
        UUID id = client.submitted("{\"prompt\": \"never mind\"}");

        Client.Answer answer = client.post("/v1/jobs/" + id + "/cancel", "");

        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.json().get("state").asText()).isEqualTo("CANCELLED");
        assertThat(answer.json().get("images").get(0).get("state").asText()).isEqualTo("CANCELLED");
        assertThat(worker.tryClaim(new SampleId(id, 0))).isEqualTo(JobState.CANCELLED);
        await().untilAsserted(() -> assertThat(worker.stored("results/" + id + "/job.json"))
                .map(json -> JobJson.read(json, JobStatus.class).state())
                .contains(JobState.CANCELLED));
    }

    @Test
    void aJobThatIsCancelledWhileItIsSampledTellsTheWorkerAtTheNextStep() {
        UUID id = client.submitted("{\"prompt\": \"stop\"}");
        SampleId sample = new SampleId(id, 0);
        int attempt = worker.claim(sample);
        worker.step(sample, attempt, 1, 20, "");

        client.post("/v1/jobs/" + id + "/cancel", "");

        assertThat(worker.step(sample, attempt, 2, 20, "")).isEqualTo(new ChangeResult.Finished(JobState.CANCELLED));
        JsonNode job = client.get("/v1/jobs/" + id).json();
        assertThat(job.get("images").get(0).get("step").asInt()).isEqualTo(1);
        assertThat(job.get("finishedAt").asText())
                .isGreaterThan(job.get("startedAt").asText());
    }

    @Test
    void aFinishedJobCannotBeCancelled() throws Exception {
        UUID id = client.submitted("{\"prompt\": \"apple\"}");
        worker.finish(id);

        Client.Answer answer = client.post("/v1/jobs/" + id + "/cancel", "");

        assertThat(answer.status()).isEqualTo(409);
        assertThat(answer.json().get("code").asText()).isEqualTo("already-finished");
        assertThat(client.get("/v1/jobs/" + id).json().get("state").asText()).isEqualTo("SUCCEEDED");
    }

    @Test
    void anImageCanBeFetchedOnceItIsThereAndKeptForever() throws Exception {
        UUID id = client.submitted("{\"prompt\": \"apple\", \"count\": 2}");
        String url = "/v1/jobs/" + id + "/images/";
        assertThat(client.get(url + 0).status()).isEqualTo(404);

        worker.sample(new SampleId(id, 0), 1, "");

        Client.Answer image = client.get(url + 0);
        assertThat(image.raw().body()).isEqualTo(Worker.PNG);
        assertThat(image.header("Content-Type")).isEqualTo("image/png");
        assertThat(image.header("Cache-Control")).contains("immutable");
        assertThat(image.header("Content-Disposition")).isEqualTo("inline; filename=\"ruido-%s-0.png\"".formatted(id));
        assertThat(client.get(url + "0?download=1").header("Content-Disposition"))
                .startsWith("attachment");
        JsonNode images = client.get("/v1/jobs/" + id).json().get("images");
        assertThat(images.get(0).get("url").asText()).isEqualTo(url + 0);
        assertThat(images.get(1).get("url").isNull()).isTrue();
        assertThat(images.get(1).get("presignedUrl").isNull()).isTrue();
    }

    @Test
    void modelsAndSamplersTellWhatCanBeAskedFor() {
        JsonNode models = client.get("/v1/models").json();
        JsonNode samplers = client.get("/v1/samplers").json().get("samplers");

        assertThat(models.get("default").asText()).isEqualTo("apples");
        assertThat(models.get("limits").get("maxSteps").asInt()).isEqualTo(150);
        assertThat(models.get("models"))
                .extracting(model -> model.get("name").asText())
                .containsExactly("apples", "pears");
        assertThat(samplers).extracting(sampler -> sampler.get("id").asText()).containsExactly("ddim", "euler");
        assertThat(samplers.get(0).get("models").toString()).isEqualTo("[\"apples\",\"pears\"]");
    }

    @Test
    void aModelThatAWorkerCannotServeIsListedWithItsReason() {
        UnavailableModel model = new UnavailableModel("plums", "unet/config.json: setting act_fn is cube");
        new ModelRegistry(SERVICES.connection)
                .announceUnavailable(List.of(model), Duration.ofSeconds(5))
                .toCompletableFuture()
                .join();

        assertThat(client.get("/v1/models").json().get("unavailable"))
                .singleElement()
                .hasToString("{\"name\":\"plums\",\"reason\":\"unet/config.json: setting act_fn is cube\"}");
    }

    @Test
    void aModelCardThatCannotBeReadDoesNotHideTheOthers() {
        try (RedisClient own = RedisClient.create(SERVICES.redis.uri());
                StatefulRedisConnection<String, String> redis = own.connect()) {
            redis.sync().hset("ruido:models", "unreadable", "{\"name\": \"unreadable\"}");
            try {
                Client.Answer answer = client.submit("{\"prompt\": \"x\", \"model\": \"unreadable\"}");

                assertThat(answer.status()).as(answer.toString()).isEqualTo(400);
                assertThat(answer.json().get("detail").asText()).contains("must be one of apples, pears");
            } finally {
                redis.sync().hdel("ruido:models", "unreadable");
            }
        }
    }

    @Test
    void thePageIsServedAndAskedForAgainOnlyWhenItChanged() {
        Client.Answer page = client.get("/");

        assertThat(page.status()).isEqualTo(200);
        assertThat(page.header("Content-Type")).isEqualTo("text/html; charset=utf-8");
        assertThat(page.header("Content-Security-Policy")).contains("default-src 'self'", "connect-src 'self';");
        assertThat(page.text()).contains("main.js");
        assertThat(client.get("/main.js").header("Content-Type")).isEqualTo("text/javascript; charset=utf-8");
        assertThat(client.get("/", "If-None-Match", page.header("ETag")).status())
                .isEqualTo(304);
    }

    @Test
    void theContractAndTheMetricsAreServed() {
        client.submitted("{\"prompt\": \"apple\", \"model\": \"pears\", \"priority\": \"batch\"}");
        client.get("/v1/jobs/" + UUID.randomUUID());

        assertThat(client.get("/openapi.yaml").text()).startsWith("openapi: 3.1.0");
        assertThat(client.get("/metrics").text().lines())
                .anyMatch(line -> line.startsWith(
                        "ruido_jobs_accepted_total{model=\"pears\",priority=\"batch\",type=\"prompt\"}"))
                .anyMatch(line -> line.startsWith("vertx_http_server_response_time_seconds_count{code=\"404\"")
                        && line.contains("/v1/jobs/:id"));
    }

    @Test
    void aPlayerGetsThePartOfAFileThatItAsksFor() throws Exception {
        UUID id = client.submitted("{\"prompt\": \"apple\", \"seed\": 5}");
        worker.finish(id);
        String url = "/v1/jobs/" + id + "/images/0";
        byte[] whole = client.get(url).raw().body();

        Client.Answer middle = client.get(url, "Range", "bytes=1-3");
        Client.Answer end = client.get(url, "Range", "bytes=-2");

        assertThat(middle.status()).isEqualTo(206);
        assertThat(middle.raw().body()).isEqualTo(Arrays.copyOfRange(whole, 1, 4));
        assertThat(middle.header("Content-Range")).isEqualTo("bytes 1-3/" + whole.length);
        assertThat(end.raw().body()).isEqualTo(Arrays.copyOfRange(whole, whole.length - 2, whole.length));
        for (String other : List.of("bytes=-", "bytes=2-1", "lines=1-2", "bytes=0-1,3-4")) {
            Client.Answer all = client.get(url, "Range", other);
            assertThat(all.status()).as(other).isEqualTo(200);
            assertThat(all.raw().body()).isEqualTo(whole);
        }
        for (String beyond : List.of("bytes=" + whole.length + "-", "bytes=-0")) {
            Client.Answer refused = client.get(url, "Range", beyond);
            assertThat(refused.status()).as(beyond).isEqualTo(416);
            assertThat(refused.header("Content-Range")).isEqualTo("bytes */" + whole.length);
            assertThat(refused.json().get("code").asText()).isEqualTo("range-not-satisfiable");
        }
    }
}
