package io.ruido.gateway.a1111;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.gateway.Client;
import io.ruido.gateway.Services;
import io.ruido.gateway.Worker;
import io.ruido.job.Hires;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingParams;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** As AUTOMATIC1111's clients call. */
class SdTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of());

    private static final Prompting A1111 = new Prompting(PromptSyntax.A1111, 0, List.of());

    private final Client client = SERVICES.client;
    private final Worker worker = SERVICES.worker;

    @Test
    void imagesComeAsBase64WithHowTheyWereMade() throws Exception {
        CompletableFuture<Client.Answer> answer = txt2img("""
                {"prompt": "a pear", "negative_prompt": "worms", "seed": 7, "steps": 3, "cfg_scale": 2.5, "width": 96,
                 "height": 64, "sampler_name": "Euler", "scheduler": "Automatic", "batch_size": 2, "n_iter": 1,
                 "subseed": -1, "styles": [], "alwayson_scripts": {}, "restore_faces": false, "script_name": null,
                 "override_settings": {"sd_model_checkpoint": "pears"}}""");

        UUID id = worker.newest("a pear");
        worker.finish(id);

        JsonNode json = answer.get(60, TimeUnit.SECONDS).json();
        assertThat(json.get("images")).hasSize(2);
        assertThat(Base64.getDecoder().decode(json.get("images").get(1).asText()))
                .isEqualTo(Worker.PNG);
        JsonNode info = JobJson.MAPPER.readTree(json.get("info").asText());
        assertThat(info.get("all_seeds").toString()).isEqualTo("[7,8]");
        assertThat(info.get("infotexts").get(1).asText()).contains("Seed: 8", "Negative prompt: worms");
        assertThat(json.get("parameters").get("cfg_scale").asDouble()).isEqualTo(2.5);
        assertThat(worker.status(id).job().params())
                .isEqualTo(new SamplingParams("pears", 96, 64, 3, 2.5, "euler", 7).with(A1111));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "steps         | 151                    | must be at most 150",
                "steps         | 4294967301             | must be at most 150",
                "steps         | 2.5                    | must be a whole number",
                "enable_hr     | \"maybe\"               | must be true or false",
                "s_churn       | 0.5                    | must be 0 for sampler ddim",
                "prompt        | \"a <lora:plums:1>\"     | must be the name of a file that GET /v1/loras lists",
                "prompt        | \"a <hypernet:plums:1>\" | only <lora:NAME:WEIGHT> is supported",
                "prompt        | \"AND AND AND AND AND AND AND AND a\" | must have at most 8 texts between AND",
                "prompt        | \"(a:10001)\"          | must give its words weights from -10000 to 10000",
                "negative_prompt | \"(a:10001)\"        | must give its words weights from -10000 to 10000",
                "scheduler     | \"Turbo\"              | must be one of automatic",
                "width         | 100                    | must be divisible by 64",
                "sampler_name  | \"DPM adaptive\"       | must be one of ddim, euler",
                "batch_size    | 17                     | must be at most 16",
                "n_iter        | 9223372036854775807, \"batch_size\": 3 | gives too many images with batch_size 3",
                "restore_faces | true                   | is not supported; only false is",
                "alwayson_scripts | {\"ControlNet\": {\"args\": [{\"enabled\": true}]}} | is not supported",
                "override_settings | {\"CLIP_stop_at_last_layers\": 14} | must be at most 11",
                "strength      | 0.5                    | is unknown",
            })
    void whatCannotBeHonouredIsRefusedByName(String field, String value, String reason) {
        Client.Answer answer = post("txt2img", "{\"" + field + "\": " + value + "}");

        assertThat(answer.status()).as(answer.toString()).isEqualTo(422);
        JsonNode refusal = answer.json().get("detail").get(0);
        assertThat(refusal.get("loc").get(1).asText()).startsWith(field);
        assertThat(refusal.get("msg").asText()).contains(reason);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "                                                               | 256 | 128 | 3 | latent",
                "\"hr_scale\": 1.6, \"hr_upscaler\": \"Lanczos\", \"hr_second_pass_steps\": 5 | 192 | 64 | 5 | lanczos",
                "\"hr_resize_x\": 384, \"hr_upscaler\": \"Latent (antialiased)\"        | 384 | 192 | 3 | latent",
            })
    void theSecondPassIsThatOfTheRequest(String more, int width, int height, int steps, String upscaler)
            throws Exception {
        String prompt = "hires " + UUID.randomUUID();
        CompletableFuture<Client.Answer> answer = txt2img("""
                {"prompt": "%s", "steps": 3, "width": 128, "height": 64, "enable_hr": "True", "denoising_strength": 0.7,
                 "hr_prompt": "", "hr_sampler_name": null, "hr_resize_y": 0%s}""".formatted(prompt, more == null ? "" : ", " + more));

        UUID id = worker.newest(prompt);
        worker.finish(id);

        assertThat(answer.get(60, TimeUnit.SECONDS).status()).isEqualTo(200);
        Hires hires = worker.status(id).job().hires();
        assertThat(hires)
                .isEqualTo(new Hires(
                        width, height, steps, 0.7, Hires.Upscaler.valueOf(upscaler.toUpperCase(Locale.ROOT))));
        assertThat(client.get("/v1/jobs/" + id).json().at("/hires/upscaler").asText())
                .isEqualTo(upscaler);
    }

    @Test
    void optionsThatAreReadCanBeWrittenBackAndTheWebUisOwnAreRemembered() {
        String all = client.get("/sdapi/v1/options").text();

        assertThat(post("options", all).status()).isEqualTo(200);
        assertThat(post("options", "{\"send_seed\": false}").status()).isEqualTo(200);
        assertThat(client.get("/sdapi/v1/options").json().get("send_seed").asBoolean())
                .isFalse();
        assertThat(post("options", "{\"CLIP_stop_at_last_layers\": 3}").status())
                .isEqualTo(422);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "hr_upscaler        | \"R-ESRGAN 4x+\" | must be one of Lanczos, Latent",
                "hr_prompt          | \"a pear\"       | is not supported",
                "hr_sampler_name    | \"DDIM\"         | is not supported",
                "hr_scale           | 100              | must be from 64 to 512",
                "denoising_strength | -0.1             | must be above 0",
                "hr_second_pass_steps | 151            | must be at most 150",
                "firstphase_width   | 64               | is not supported",
            })
    void whatASecondPassCannotDoIsRefusedByName(String field, String value, String reason) {
        Client.Answer answer =
                post("txt2img", "{\"prompt\": \"x\", \"enable_hr\": true, \"" + field + "\": " + value + "}");

        assertThat(answer.status()).as(answer.toString()).isEqualTo(422);
        JsonNode refusal = answer.json().get("detail").get(0);
        assertThat(refusal.get("loc").get(1).asText()).isEqualTo(field);
        assertThat(refusal.get("msg").asText()).contains(reason);
    }

    @Test
    void progressTellsOfTheJobThatRunsAndInterruptEndsIt() {
        CompletableFuture<Client.Answer> answer = txt2img("{\"prompt\": \"slow\"}");
        UUID id = worker.newest("slow");
        SampleId sample = new SampleId(id, 0);
        worker.step(sample, worker.claim(sample), 5, 20, "data:image/png;base64,cHJldmlldw==");

        JsonNode progress = client.get("/sdapi/v1/progress").json();

        assertThat(progress.get("progress").asDouble()).isEqualTo(0.25);
        assertThat(progress.get("current_image").asText()).isEqualTo("cHJldmlldw==");
        assertThat(progress.get("state").get("job").asText()).isEqualTo(id.toString());
        assertThat(progress.get("state").get("sampling_step").asInt()).isEqualTo(5);
        assertThat(client.get("/sdapi/v1/progress?skip_current_image=true")
                        .json()
                        .get("current_image")
                        .isNull())
                .isTrue();

        assertThat(post("interrupt", null).status()).isEqualTo(200);

        assertThat(worker.status(id).state()).isEqualTo(JobState.CANCELLED);
        assertThat(answer.join().json().get("error").asText()).isEqualTo("job-cancelled");
        await().until(() ->
                client.get("/sdapi/v1/progress").json().get("progress").asDouble() == 0);
        assertThat(post("interrupt", null).status()).isEqualTo(200);
    }

    @Test
    void samplersModelsAndOptionsAreThoseOfTheCatalog() {
        assertThat(client.get("/sdapi/v1/samplers").json())
                .extracting(sampler -> sampler.get("name").asText())
                .containsExactly("DDIM", "Euler");
        assertThat(client.get("/sdapi/v1/sd-models").json())
                .extracting(model -> model.get("model_name").asText())
                .containsExactly("apples", "pears");
        assertThat(client.get("/sdapi/v1/options")
                        .json()
                        .get("sd_model_checkpoint")
                        .asText())
                .isEqualTo("apples");
        assertThat(post("options", "{\"sd_model_checkpoint\": \"apples\"}").status())
                .isEqualTo(200);
        assertThat(post("options", "{\"CLIP_stop_at_last_layers\": 2}").text()).contains("CLIP_stop_at_last_layers");
        assertThat(post("options", "{\"samples_format\": \"webp\"}").text()).contains("name it in override_settings");
        assertThat(post("options", "{\"sd_model_checkpoint\": \"plums\"}").status())
                .isEqualTo(422);
    }

    @Test
    void theCheckpointThatIsSetIsThatOfRequestsThatNameNone() throws Exception {
        assertThat(post("options", "{\"sd_model_checkpoint\": \"pears.safetensors [0a1b2c3d]\"}")
                        .status())
                .isEqualTo(200);
        try {
            txt2img("{\"prompt\": \"by the checkpoint\"}");
            UUID id = worker.newest("by the checkpoint");
            worker.finish(id);

            assertThat(worker.status(id).job().params().model()).isEqualTo("pears");
            assertThat(client.get("/sdapi/v1/options")
                            .json()
                            .get("sd_model_checkpoint")
                            .asText())
                    .isEqualTo("pears");
        } finally {
            post("options", "{\"sd_model_checkpoint\": \"apples\"}");
        }
    }

    @Test
    void jobsOfOtherInterfacesAreNotInterrupted() {
        UUID other = client.submitted("{\"prompt\": \"of another interface\"}");

        assertThat(client.get("/sdapi/v1/progress").json().at("/state/job").asText())
                .isNotEqualTo(other.toString());
        assertThat(post("interrupt", "{}").status()).isEqualTo(200);

        assertThat(worker.status(other).state()).isEqualTo(JobState.QUEUED);
    }

    private CompletableFuture<Client.Answer> txt2img(String body) {
        return CompletableFuture.supplyAsync(() -> post("txt2img", body), Thread::startVirtualThread);
    }

    private Client.Answer post(String path, String body) {
        return client.post("/sdapi/v1/" + path, body, "Content-Type", "application/json");
    }
}
