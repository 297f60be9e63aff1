package io.ruido.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
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
}
