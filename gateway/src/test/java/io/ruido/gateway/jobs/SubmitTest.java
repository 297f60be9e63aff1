package io.ruido.gateway.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.gateway.Client;
import io.ruido.gateway.Services;
import io.ruido.gateway.Worker;
import io.ruido.job.prompting.AddOn;
import io.ruido.redis.AddOnRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SubmitTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of());

    private final Client client = SERVICES.client;

    @Test
    void aJobTakesWhatItLeavesOutFromTheModelAndTellsItsSeed() {
        Client.Answer answer = client.submit("{\"prompt\": \"a red apple\"}");

        assertThat(answer.status()).as(answer.toString()).isEqualTo(202);
        JsonNode job = answer.json();
        assertThat(answer.header("Location"))
                .isEqualTo("/v1/jobs/" + job.get("id").asText());
        assertThat(job.get("type").asText()).isEqualTo("prompt");
        assertThat(job.get("state").asText()).isEqualTo("QUEUED");
        assertThat(job.get("model").asText()).isEqualTo("apples");
        assertThat(job.get("width").asInt()).isEqualTo(128);
        assertThat(job.get("steps").asInt()).isEqualTo(20);
        assertThat(job.get("guidanceScale").asDouble()).isEqualTo(4.5);
        assertThat(job.get("sampler").asText()).isEqualTo("ddim");
        assertThat(job.get("seed").asLong()).isBetween(0L, (1L << 32) - 1);
        assertThat(job.get("negativePrompt").asText()).isEmpty();
        assertThat(job.get("images")).hasSize(1);
        assertThat(client.get(answer.header("Location")).json()).isEqualTo(job);
    }

    @Test
    void aJobKeepsWhatItNames() {
        JsonNode job = client.submit("""
                        {"type": "prompt", "prompt": "a pear", "negativePrompt": "blurry", "model": "pears", "count": 3,
                         "width": 96, "height": 160, "steps": 7, "guidanceScale": 1, "sampler": "euler",
                         "seed": 4294967295, "priority": "batch"}""").json();

        assertThat(job.get("model").asText()).isEqualTo("pears");
        assertThat(job.get("images")).hasSize(3);
        assertThat(job.get("images").get(2).get("seed").asLong()).isEqualTo(4294967297L);
        assertThat(job.get("height").asInt()).isEqualTo(160);
        assertThat(job.get("priority").asText()).isEqualTo("batch");
        assertThat(job.get("negativePrompt").asText()).isEqualTo("blurry");
    }

    @Test
    void aJobNamesLorasAndHowItsPromptsAreRead() {
        AddOnRegistry.ofLoras(SERVICES.connection)
                .announce(List.of(new AddOn("toy", 12), new AddOn("ink", 34)), Duration.ofHours(1))
                .toCompletableFuture()
                .join();
        JsonNode job = client.submit("""
                        {"prompt": "a (pear:1.2) <lora:ink:0.5>", "promptSyntax": "a1111", "clipSkip": 1, "tiling": true,
                         "loras": [{"name": "toy", "weight": 0.8}], "sampler": "euler", "sChurn": 3, "sTmax": 5}""").json();
        JsonNode unknown = client.submit("{\"prompt\": \"x\", \"loras\": [{\"name\": \"plums\"}]}")
                .json();
        JsonNode churned = client.submit("{\"prompt\": \"x\", \"sampler\": \"ddim\", \"sChurn\": 1}")
                .json();

        AddOnRegistry.ofEmbeddings(SERVICES.connection)
                .announce(List.of(new AddOn("blur", 56)), Duration.ofHours(1))
                .toCompletableFuture()
                .join();

        assertThat(client.get("/v1/embeddings").json().get("embeddings").toString())
                .isEqualTo("[{\"name\":\"blur\",\"bytes\":56}]");
        assertThat(client.get("/sdapi/v1/embeddings").json().get("loaded").has("blur"))
                .isTrue();
        assertThat(client.get("/v1/loras").json().get("loras"))
                .extracting(lora -> lora.get("name").asText())
                .containsExactly("ink", "toy");
        assertThat(job.get("loras"))
                .extracting(Object::toString)
                .containsExactly("{\"name\":\"toy\",\"weight\":0.8}", "{\"name\":\"ink\",\"weight\":0.5}");
        assertThat(job.get("promptSyntax").asText()).isEqualTo("a1111");
        assertThat(job.get("clipSkip").asInt()).isEqualTo(1);
        assertThat(job.get("tiling").asBoolean()).isTrue();
        assertThat(job.get("sTmax").asDouble()).isEqualTo(5);
        assertThat(job.get("warnings")).isEmpty();
        ObjectNode read =
                (ObjectNode) client.get("/v1/jobs/" + job.get("id").asText()).json();
        read.set("eta", job.get("eta")); // estimated anew
        assertThat(read).isEqualTo(job);
        assertThat(unknown.findValuesAsText("field")).containsExactly("loras");
        assertThat(churned.findValuesAsText("field")).containsExactly("sChurn");
    }

    @Test
    void aJobNamesTheFormatOfItsImagesAndItsQuality() {
        JsonNode png =
                client.submit("{\"prompt\": \"a pear\", \"outputQuality\": 3}").json();
        JsonNode webp = client.submit("{\"prompt\": \"a pear\", \"outputFormat\": \"webp\"}")
                .json();
        JsonNode wrong = client.submit("{\"prompt\": \"a pear\", \"outputFormat\": \"gif\", \"outputQuality\": 0}")
                .json();

        assertThat(png.get("outputFormat").asText()).isEqualTo("png");
        assertThat(png.get("outputQuality").isNull()).isTrue();
        assertThat(webp.get("outputFormat").asText()).isEqualTo("webp");
        assertThat(webp.get("outputQuality").asInt()).isEqualTo(90);
        assertThat(wrong.findValuesAsText("field")).containsExactlyInAnyOrder("outputFormat", "outputQuality");
    }

    @Test
    void aClipOfAModelOfPicturesIsRefused() {
        JsonNode frames =
                client.submit("{\"prompt\": \"a pear\", \"frames\": 5}").json();
        JsonNode seconds =
                client.submit("{\"prompt\": \"a pear\", \"seconds\": 2}").json();
        JsonNode format = client.submit("{\"prompt\": \"a pear\", \"outputFormat\": \"mp4\"}")
                .json();

        assertThat(frames.at("/errors/0").toString())
                .isEqualTo("{\"field\":\"frames\",\"value\":5,\"reason\":\"must be 1: model apples makes images\"}");
        assertThat(seconds.at("/errors/0/field").asText()).isEqualTo("seconds");
        assertThat(format.at("/errors/0/field").asText()).isEqualTo("outputFormat");
        assertThat(client.submit("{\"prompt\": \"a pear\"}")
                        .json()
                        .get("frames")
                        .asInt())
                .isEqualTo(1);
    }

    @Test
    void aSamplingJobIsOneImage() {
        JsonNode job = client.submit("{\"type\": \"sampling\", \"prompt\": \"a pear\", \"seed\": 3}")
                .json();

        assertThat(job.get("type").asText()).isEqualTo("sampling");
        assertThat(job.get("images")).hasSize(1);
    }

    @Test
    void theSameKeyAndBodyGiveTheSameJobAndAnotherBodyIsRefused() {
        String body = "{\"prompt\": \"only once\", \"steps\": 7, \"count\": 1}";
        Client.Answer first = client.submit(body, "Idempotency-Key", "only once");
        Client.Answer again =
                client.submit("{\"steps\": 7,  \"prompt\": \"only once\"}", "Idempotency-Key", "only once");
        Client.Answer other = client.submit("{\"prompt\": \"twice\"}", "Idempotency-Key", "only once");

        assertThat(again.status()).isEqualTo(202);
        assertThat(again.json()).isEqualTo(first.json());
        assertThat(again.header("Location")).isEqualTo(first.header("Location"));
        assertThat(other.status()).isEqualTo(422);
        assertThat(other.json().get("code").asText()).isEqualTo("idempotency-key-reused");
        assertThat(client.submit(body).json().get("id"))
                .isNotEqualTo(first.json().get("id"));
        assertThat(client.submit(body, "Idempotency-Key", "x".repeat(256))
                        .json()
                        .at("/errors/0/field")
                        .asText())
                .isEqualTo("Idempotency-Key");
    }

    @Test
    void waitingAnswersWithTheFinishedJob() throws Exception {
        CompletableFuture<Client.Answer> answer = CompletableFuture.supplyAsync(
                () -> client.submit("{\"prompt\": \"wait for me\"}", "Prefer", "respond-async, wait=15"));
        UUID id = SERVICES.worker.newest("wait for me");
        SERVICES.worker.finish(id);

        assertThat(answer.get().status()).as(answer.get().toString()).isEqualTo(200);
        assertThat(answer.get().header("Preference-Applied")).isEqualTo("wait=15");
        JsonNode image = answer.get().json().get("images").get(0);
        assertThat(answer.get().json().get("state").asText()).isEqualTo("SUCCEEDED");
        assertThat(image.get("url").asText()).isEqualTo("/v1/jobs/" + id + "/images/0");
        assertThat(client.get(image.get("presignedUrl").asText()).raw().body()).isEqualTo(Worker.PNG);
    }

    @Test
    void waitingEndsWhenItsTimeIsOver() {
        Instant start = Instant.now();

        Client.Answer answer = client.submit("{\"prompt\": \"too slow\"}", "Prefer", "wait=1");

        assertThat(answer.status()).isEqualTo(202);
        assertThat(Duration.between(start, Instant.now())).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(10));
        assertThat(answer.json().get("state").asText()).isEqualTo("QUEUED");
    }
}
