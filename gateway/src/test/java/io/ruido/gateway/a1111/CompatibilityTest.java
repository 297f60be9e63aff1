package io.ruido.gateway.a1111;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.gateway.Client;
import io.ruido.gateway.Pictures;
import io.ruido.gateway.Services;
import io.ruido.gateway.http.Contract;
import io.ruido.job.Artifact;
import io.ruido.job.Job;
import io.ruido.job.JobJson;
import io.ruido.job.ModelCard;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingParams;
import io.ruido.job.Source;
import io.ruido.kafka.Topics;
import io.ruido.redis.ModelRegistry;
import io.vertx.core.json.JsonObject;
import java.awt.Color;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** Holds {@code docs/compatibility.md} to the code, and requests as real clients send them. */
class CompatibilityTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of("ruido.gateway.model-aliases", "ui=web-ui"));

    private static final String PICTURE = Base64.getEncoder().encodeToString(Pictures.png(64, 64));

    /** The defaults of the interface's own schema, that generated clients and many bots send. */
    private static final String SCHEMA = """
            {"prompt": "%s", "enable_hr": false, "denoising_strength": 0, "firstphase_width": 0, "firstphase_height": 0,
             "hr_scale": 2, "hr_upscaler": "Latent", "hr_second_pass_steps": 0, "hr_resize_x": 0, "hr_resize_y": 0,
             "hr_prompt": "", "hr_negative_prompt": "", "styles": [], "seed": -1, "subseed": -1, "subseed_strength": 0,
             "seed_resize_from_h": -1, "seed_resize_from_w": -1, "batch_size": 1, "n_iter": 1, "steps": 3, "cfg_scale": 7,
             "width": 64, "height": 64, "restore_faces": false, "tiling": false, "do_not_save_samples": false,
             "do_not_save_grid": false, "negative_prompt": "", "eta": 0, "s_min_uncond": 0, "s_churn": 0, "s_tmax": 0,
             "s_tmin": 0, "s_noise": 1, "override_settings": {}, "override_settings_restore_afterwards": true,
             "script_args": [], "script_name": "", "sampler_index": "Euler", "send_images": true, "save_images": false,
             "alwayson_scripts": {}, "comments": {}, "refiner_checkpoint": "", "refiner_switch_at": 0}""";

    /** A library in Python, which sends what each of its arguments has as a default. */
    private static final String LIBRARY = """
            {"prompt": "%s", "enable_hr": false, "hr_scale": 2, "hr_upscaler": "Latent", "denoising_strength": 0.7,
             "hr_sampler_name": null, "styles": [], "seed": -1, "sampler_name": "Euler", "scheduler": "Automatic",
             "batch_size": 1, "n_iter": 1, "steps": 3, "cfg_scale": 7.0, "width": 64, "height": 64, "eta": 1.0,
             "s_tmax": 0, "s_noise": 1, "override_settings_restore_afterwards": true, "script_args": [],
             "alwayson_scripts": {"ADetailer": {"args": [false]}, "ControlNet": {"args": []}}}""";

    /** A chat front end: numbers of its sliders, and the model's title. */
    private static final String CHAT = """
            {"prompt": "%s", "negative_prompt": "blurry", "sampler_name": "ddim", "scheduler": "", "steps": 3.0,
             "cfg_scale": "7", "width": 64, "height": 64, "seed": "-1", "restore_faces": "False", "enable_hr": false,
             "hr_upscaler": "Latent", "hr_scale": 2, "denoising_strength": 0.7, "hr_second_pass_steps": 0,
             "send_images": true, "do_not_save_grid": false, "do_not_save_samples": false,
             "override_settings": {"CLIP_stop_at_last_layers": 1, "sd_vae": "Automatic"},
             "override_settings_restore_afterwards": true}""";

    /** A queue for the web UI, which sends only what was changed. */
    private static final String QUEUE = """
            {"prompt": "%s", "n_iter": 2, "batch_size": 1, "steps": 3, "sampler_index": "k_euler", "width": 64, "height": 64,
             "override_settings": {"sd_model_checkpoint": "apples", "samples_format": "jpg", "jpeg_quality": 80},
             "force_task_id": "task-1"}""";

    /** The web UI's own tests of txt2img send this, and change some of it. */
    private static final String OWN_TEST = """
            {"batch_size": 1, "cfg_scale": 7, "denoising_strength": 0, "enable_hr": false, "eta": 0, "firstphase_height": 0,
             "firstphase_width": 0, "height": 64, "n_iter": 1, "negative_prompt": "", "restore_faces": false, "s_churn": 0,
             "s_noise": 1, "s_tmax": 0, "s_tmin": 0, "sampler_index": "Euler a", "seed": -1, "seed_resize_from_h": -1,
             "seed_resize_from_w": -1, "steps": 3, "styles": [], "subseed": -1, "subseed_strength": 0, "tiling": false,
             "width": 64, "override_settings": {"sd_model_checkpoint": "web-ui"}}""";

    /** Its tests of img2img send this besides. */
    private static final String OF_IMAGES = """
            {"denoising_strength": 0.75, "include_init_images": false, "init_images": ["PICTURE"], "inpaint_full_res": false,
             "inpaint_full_res_padding": 0, "inpainting_fill": 0, "inpainting_mask_invert": false, "mask": null,
             "mask_blur": 4, "resize_mode": 0}""";

    /** A model with samplers that the web UI's tests name, and one that can do little. */
    @BeforeAll
    static void serve() {
        List<ModelCard.Sampler> samplers = List.of(
                new ModelCard.Sampler("ddim", "DDIM", 0.0),
                new ModelCard.Sampler("euler-a", "Euler a", 1.0),
                new ModelCard.Sampler("plms", "PLMS"),
                new ModelCard.Sampler("unipc", "UniPC"));
        ModelCard webUi = new ModelCard(
                "web-ui", "", "", "", 64, 512, 64, new SamplingParams("web-ui", 64, 64, 3, 1, "ddim", 0), samplers);
        SamplingParams defaults = new SamplingParams("transformer", 64, 64, 3, 1, "ddim", 0);
        ModelCard transformer = new ModelCard(
                "transformer",
                "",
                "",
                "",
                64,
                512,
                64,
                defaults,
                samplers,
                List.of(),
                null,
                null,
                new ModelCard.Abilities(false, false, false, 0));
        Topics.create(SERVICES.config.kafka(), List.of("web-ui", "web-ui-new", "transformer"));
        new ModelRegistry(SERVICES.connection)
                .serve("web-ui", 10_000, List.of(webUi, transformer), Duration.ofHours(1))
                .toCompletableFuture()
                .join();
    }

    private final Client client = SERVICES.client;

    static Stream<String> requests() {
        return Stream.of(SCHEMA, LIBRARY, CHAT, QUEUE);
    }

    @ParameterizedTest
    @MethodSource("requests")
    void requestsOfRealClientsAreAnswered(String body) throws Exception {
        String prompt = "a client " + UUID.randomUUID();

        Client.Answer answer = finished("txt2img", prompt, body.formatted(prompt));

        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        assertThat(answer.json().get("images").size()).isPositive();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "txt2img; {}",
                "txt2img; {\"negative_prompt\": \"no example\"}",
                "txt2img; {\"prompt\": \"((a)), (b:1.1), [c:1], [d::2], [e:f:0.3], [g|h] %s\"}",
                "txt2img; {\"height\": 128}",
                "txt2img; {\"enable_hr\": true}",
                "txt2img; {\"tiling\": true}",
                "txt2img; {\"sampler_index\": \"PLMS\"}",
                "txt2img; {\"sampler_index\": \"DDIM\"}",
                "txt2img; {\"sampler_index\": \"UniPC\"}",
                "txt2img; {\"n_iter\": 2}",
                "txt2img; {\"batch_size\": 2}",
                "txt2img; {\"override_settings\": {\"sd_model_checkpoint\": \"transformer\", \"CLIP_stop_at_last_layers\": 2}}",
                "img2img; {}",
                "img2img; {\"mask\": \"PICTURE\"}",
                "img2img; {\"mask\": \"PICTURE\", \"inpainting_mask_invert\": true}",
            })
    void theWebUisOwnTestsAreAnswered(String path, String change) throws Exception {
        String id = UUID.randomUUID().toString();
        JsonObject request = request(path, change.replace("%s", id));
        String prompt = request.getString("prompt", "an example " + id);

        Client.Answer answer =
                finished(path, prompt, request.put("prompt", prompt).encode());

        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    }

    private static JsonObject request(String path, String change) {
        JsonObject request = new JsonObject(OWN_TEST);
        if (path.equals("img2img")) {
            List.of("enable_hr", "firstphase_height", "firstphase_width").forEach(request::remove);
            request.mergeIn(new JsonObject(OF_IMAGES.replace("PICTURE", PICTURE)));
        }
        return request.mergeIn(new JsonObject(change.replace("PICTURE", PICTURE)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "txt2img | {\"restore_faces\": true} | restore_faces",
                "img2img | {\"script_name\": \"sd upscale\", \"script_args\": [\"\", 8, \"Lanczos\", 2.0]} | script_name",
                "txt2img | {\"override_settings\": {\"sd_model_checkpoint\": \"plums\"}} | override_settings.sd_model_checkpoint",
                "txt2img | {\"override_settings\": {\"sd_model_checkpoint\": \"transformer\"}, \"tiling\": true} | tiling",
                "txt2img | {\"override_settings\": {\"sd_model_checkpoint\": \"transformer\"}, \"prompt\": \"(a)\"} | prompt",
                "txt2img | {\"override_settings\": {\"sd_model_checkpoint\": \"transformer\"}, \"negative_prompt\": \"[a]\"} | negative_prompt",
                "txt2img | {\"override_settings\": {\"sd_model_checkpoint\": \"transformer\"}, \"enable_hr\": true, \"hr_upscaler\": \"Lanczos\"} | hr_upscaler",
                "img2img | {\"override_settings\": {\"sd_model_checkpoint\": \"transformer\"}} | init_images",
            })
    void whatTheModelCannotDoIsRefusedByTheClientsName(String path, String change, String field) {
        Client.Answer answer = post(path, request(path, change).encode());

        assertThat(answer.status()).as(answer.toString()).isEqualTo(422);
        assertThat(answer.json().at("/detail/0/loc/1").asText()).isEqualTo(field);
    }

    @Test
    void aSecondPassIsThatOfTheModelThatAnAliasNames() throws Exception {
        String prompt = "by an alias " + UUID.randomUUID();
        Client.Answer answer = finished("txt2img", prompt, """
                {"prompt": "%s", "enable_hr": true, "override_settings": {"sd_model_checkpoint": "ui"}}""".formatted(prompt));

        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        Job job = SERVICES.worker.status(SERVICES.worker.newest(prompt)).job();
        assertThat(job.params().model()).isEqualTo("web-ui");
        assertThat(job.hires().width()).isEqualTo(128);
    }

    @Test
    void aModelThatWasAnnouncedAMomentAgoMakesTheSecondPassToo() throws Exception {
        assertThat(client.get("/sdapi/v1/sd-models").text()).doesNotContain("web-ui-new"); // and is remembered
        SamplingParams defaults = new SamplingParams("web-ui-new", 64, 64, 3, 1, "unipc", 0);
        List<ModelCard.Sampler> samplers = List.of(new ModelCard.Sampler("unipc", "UniPC of a new worker"));
        new ModelRegistry(SERVICES.connection)
                .serve(
                        "new",
                        10_000,
                        List.of(new ModelCard("web-ui-new", "", "", "", 64, 512, 64, defaults, samplers)),
                        Duration.ofHours(1))
                .toCompletableFuture()
                .join();
        String prompt = "by a new model " + UUID.randomUUID();
        Client.Answer answer = finished("txt2img", prompt, """
                {"prompt": "%s", "enable_hr": true, "sampler_name": "UniPC of a new worker",
                 "override_settings": {"sd_model_checkpoint": "web-ui-new"}}""".formatted(prompt));

        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        Job job = SERVICES.worker.status(SERVICES.worker.newest(prompt)).job();
        assertThat(job.params().sampler()).isEqualTo("unipc");
        assertThat(job.hires().width()).isEqualTo(128);
    }

    /** With what libraries send where there is no mask. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"denoising_strength\": 0.75",
                "\"mask_blur\": 4, \"inpainting_fill\": 0, \"inpaint_full_res\": true, \"inpaint_full_res_padding\": 0,"
                        + " \"inpainting_mask_invert\": 0, \"image_cfg_scale\": 1.5, \"initial_noise_multiplier\": 1",
                "\"mask\": \"MASK\", \"mask_blur\": 4, \"inpainting_fill\": 0, \"inpaint_full_res\": \"False\"",
                "\"mask\": \"MASK\", \"inpainting_mask_invert\": true, \"inpainting_fill\": 1",
            })
    void picturesOfRealClientsAreChanged(String more) throws Exception {
        String prompt = "a picture " + UUID.randomUUID();
        String wrapped = PICTURE.replaceAll("(.{76})", "$1\\\\n").replaceFirst("=+$", "");
        String body = "{\"prompt\": \"%s\", \"steps\": 3, \"width\": 64, \"height\": 64, \"init_images\": [\"%s\"], %s}"
                .formatted(prompt, wrapped, more.replace("MASK", PICTURE));

        Client.Answer answer = finished("img2img", prompt, body);

        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    }

    @Test
    void onlyThePartAroundTheMaskIsDrawnAndLaidIntoThePicture() throws Exception {
        String mask = base64(0, 0xffffff, new Rectangle(40, 48, 24, 16));
        String prompt = "a part " + UUID.randomUUID();
        CompletableFuture<Client.Answer> answer = CompletableFuture.supplyAsync(
                () -> post("img2img", """
                {"prompt": "%s", "init_images": ["%s"], "mask": "%s", "inpaint_full_res": true, "width": 64, "height": 64}
                """.formatted(prompt, base64(0x0000ff, 0, new Rectangle()), mask)));
        SampleId sample = new SampleId(SERVICES.worker.newest(prompt), 0);
        byte[] red = Base64.getDecoder().decode(base64(0xff0000, 0, new Rectangle()));
        SERVICES.worker.store(sample, SERVICES.worker.claim(sample), new Artifact(red, "image/png", "png"));

        Source source = SERVICES.worker.status(sample.jobId()).job().params().source();
        assertThat(source.image().width()).isEqualTo(24);
        assertThat(source.image().height()).isEqualTo(24);
        JsonNode json = answer.get(60, TimeUnit.SECONDS).json();
        BufferedImage whole = ImageIO.read(new ByteArrayInputStream(
                Base64.getDecoder().decode(json.get("images").get(0).asText())));
        assertThat(whole.getWidth()).isEqualTo(64);
        assertThat(whole.getRGB(45, 45)).as("black in the mask").isEqualTo(0xff0000ff);
        assertThat(whole.getRGB(60, 60)).as("white in the mask").isEqualTo(0xffff0000);
    }

    /** The photograph is stored lying on its side, as cameras do it; the mask and the result are upright. */
    @Test
    void thePartOfALargePhotographIsFoundAsItIsToBeSeen() throws Exception {
        byte[] photograph = Pictures.jpegOnItsSide(picture(1600, 1200, 0x0000ff, 0xff0000, new Rectangle(800, 1200)));
        String mask = base64(Pictures.png(picture(1200, 1600, 0, 0xffffff, new Rectangle(900, 1200, 200, 300))));
        String prompt = "a part of a photograph " + UUID.randomUUID();
        CompletableFuture<Client.Answer> answer =
                CompletableFuture.supplyAsync(() -> post("img2img", """
                {"prompt": "%s", "init_images": ["%s"], "mask": "%s", "inpaint_full_res": true, "inpaint_full_res_padding": 32,
                 "width": 64, "height": 64}""".formatted(prompt, base64(photograph), mask)));
        SampleId sample = new SampleId(SERVICES.worker.newest(prompt), 0);
        byte[] green = Pictures.png(picture(64, 64, 0x00ff00, 0, new Rectangle()));
        SERVICES.worker.store(sample, SERVICES.worker.claim(sample), new Artifact(green, "image/png", "png"));

        Source source = SERVICES.worker.status(sample.jobId()).job().params().source();
        assertThat(List.of(source.image().width(), source.image().height())).containsExactly(364, 364);
        assertThat(source.mask().width()).isEqualTo(364);
        BufferedImage whole = ImageIO.read(new ByteArrayInputStream(Base64.getDecoder()
                .decode(answer.get(60, TimeUnit.SECONDS).json().at("/images/0").asText())));
        assertThat(List.of(whole.getWidth(), whole.getHeight())).containsExactly(1200, 1600);
        assertThat(new Color(whole.getRGB(600, 100)).getRed()).as("above").isGreaterThan(240);
        assertThat(new Color(whole.getRGB(600, 1500)).getBlue()).as("below").isGreaterThan(240);
        assertThat(whole.getRGB(1000, 1350)).as("white in the mask").isEqualTo(0xff00ff00);
    }

    private static BufferedImage picture(int width, int height, int rgb, int other, Rectangle part) {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            picture.setRGB(i % width, i / width, part.contains(i % width, i / width) ? other : rgb);
        }
        return picture;
    }

    private static String base64(byte[] file) {
        return Base64.getEncoder().encodeToString(file);
    }

    /** A picture of one colour, with a part of another. */
    private static String base64(int rgb, int other, Rectangle part) {
        return base64(Pictures.png(picture(64, 64, rgb, other, part)));
    }

    @Test
    void theFormatOfTheSettingsIsThatOfTheImages() throws Exception {
        String prompt = "a format " + UUID.randomUUID();
        finished("txt2img", prompt, QUEUE.formatted(prompt));

        SamplingParams params =
                SERVICES.worker.status(SERVICES.worker.newest(prompt)).job().params();

        assertThat(params.output().format().label()).isEqualTo("jpeg");
        assertThat(params.output().quality()).isEqualTo(80);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "schedulers",
                "upscalers",
                "latent-upscale-modes",
                "sd-models",
                "sd-vae",
                "sd-modules",
                "loras",
                "embeddings",
                "hypernetworks",
                "prompt-styles",
                "scripts",
                "script-info",
                "cmd-flags",
                "memory",
                "extensions",
                "face-restorers",
                "realesrgan-models",
                "samplers",
                "options",
                "progress?skip_current_image=True"
            })
    void whatClientsAskBeforeTheyBeginIsAnswered(String path) {
        assertThat(client.get("/sdapi/v1/" + path).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"interrupt", "skip", "refresh-checkpoints", "unload-checkpoint", "reload-checkpoint"})
    void callsThatHaveNothingToDoAreAnswered(String path) {
        assertThat(post(path, "{}").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"upscaler_1\": \"Lanczos\", \"upscaling_resize\": 1.5 | 96 | 96",
                "\"upscaler_1\": \"Lanczos\", \"resize_mode\": 1, \"upscaling_resize_w\": 128, \"upscaling_resize_h\": 96 | 128 | 96",
                "\"upscaler_1\": \"Lanczos\", \"resize_mode\": 1, \"upscaling_resize_w\": 128, \"upscaling_resize_h\": 96, \"upscaling_crop\": false | 128 | 128",
                "\"upscaler_1\": \"None\", \"upscaling_resize\": 4 | 64 | 64",
                "\"model\": \"clip\" | 64 | 64",
            })
    void anImageIsEnlarged(String more, int width, int height) throws IOException {
        Client.Answer answer = post("extra-single-image", """
                {"image": "%s", "upscaler_2": "None", "extras_upscaler_2_visibility": 0, "gfpgan_visibility": 0,
                 "codeformer_visibility": 0, "codeformer_weight": 0, "show_extras_results": true, %s}""".formatted(PICTURE, more));

        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        byte[] image = Base64.getDecoder().decode(answer.json().get("image").asText());
        BufferedImage enlarged = ImageIO.read(new ByteArrayInputStream(image));
        assertThat(enlarged.getWidth()).isEqualTo(width);
        assertThat(enlarged.getHeight()).isEqualTo(height);
    }

    @Test
    void imagesAreEnlargedTogether() throws IOException {
        Client.Answer answer = post(
                "extra-batch-images", """
                {"imageList": [{"data": "%s", "name": "a"}, {"data": "%s"}], "upscaler_1": "Lanczos", "upscaling_resize": 1.5}
                """.formatted(PICTURE, Base64.getEncoder().encodeToString(Pictures.png(32, 64))));
        Client.Answer tooLarge = post("extra-batch-images", """
                {"imageList": [{"data": "%s"}, {"data": "%s"}], "upscaler_1": "Lanczos", "upscaling_resize": 50}
                """.formatted(PICTURE, PICTURE));

        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        List<Integer> widths = new ArrayList<>();
        for (JsonNode image : answer.json().get("images")) {
            widths.add(ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(image.asText())))
                    .getWidth());
        }
        assertThat(widths).as("in the order of the request").containsExactly(96, 48);
        assertThat(post("extra-batch-images", "{\"imageList\": []}").text()).contains("must have 1 to 16 images");
        assertThat(post("extra-batch-images", "{\"imageList\": [\"x\"]}").status())
                .isEqualTo(422);
        assertThat(tooLarge.text()).contains("must give an image of 1 to", "for each of 2 images");
    }

    @Test
    void thatImagesAreNotDescribedIsToldByName() {
        Client.Answer answer = post("interrogate", "{\"image\": \"" + PICTURE + "\", \"model\": \"clip\"}");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.json().get("detail").asText()).contains("interrogate is not supported");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "upscaler_1        | \"R-ESRGAN 4x+\" | must be None or Lanczos",
                "upscaling_resize  | 1000             | must give an image of 1 to",
                "upscaling_resize  | -1               | must give an image of 1 to",
                "gfpgan_visibility | 1                | is not supported",
                "image             | \"plums\"        | must be an image",
            })
    void whatCannotBeEnlargedIsRefusedByName(String field, String value, String reason) {
        Map<String, String> request =
                new LinkedHashMap<>(Map.of("image", '"' + PICTURE + '"', "upscaler_1", "\"Lanczos\""));
        request.put(field, value);
        Client.Answer answer = post(
                "extra-single-image",
                request.entrySet().stream()
                        .map(entry -> '"' + entry.getKey() + "\": " + entry.getValue())
                        .collect(Collectors.joining(", ", "{", "}")));

        assertThat(answer.status()).as(answer.toString()).isEqualTo(422);
        assertThat(answer.json().at("/detail/0/loc/1").asText()).isEqualTo(field);
        assertThat(answer.json().at("/detail/0/msg").asText()).contains(reason);
    }

    /** The web UI makes a step then. */
    @Test
    void aStrengthThatLeavesNoStepMakesOne() {
        for (long steps = 1; steps <= 1000; steps++) {
            for (double strength : new double[] {0, 0.0009}) {
                double given = SdSubmission.strength(Map.of("denoising_strength", strength), steps);
                assertThat(Source.stepsMade((int) steps, given)).isEqualTo(1);
            }
        }
        assertThat(SdSubmission.strength(Map.of("denoising_strength", 0.5), 4)).isEqualTo(0.5);
        assertThat(SdSubmission.strength(Map.of("denoising_strength", -0.5), 4)).isEqualTo(-0.5);
        assertThat(SdSubmission.strength(Map.of(), 4)).isEqualTo(0.75);
    }

    @ParameterizedTest
    @CsvSource({"txt2img, '\"enable_hr\": true'", "img2img, '\"init_images\": [\"%s\"]'"})
    void aJobWithAStrengthOfZeroMakesOneStepWithIt(String path, String more) throws Exception {
        String prompt = "strength " + UUID.randomUUID();
        Client.Answer answer = finished(path, prompt, """
                {"prompt": "%s", "steps": 3, "width": 64, "height": 64, "denoising_strength": 0, %s}""".formatted(prompt, more.formatted(PICTURE)));

        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        Job job = SERVICES.worker.status(SERVICES.worker.newest(prompt)).job();
        assertThat(job.stepsMade()).isEqualTo(path.equals("txt2img") ? 4 : 1);
    }

    @Test
    void pngInfoTellsNothingOfAPictureWithoutParameters() {
        Client.Answer answer = post("png-info", "{\"image\": \"" + PICTURE + "\"}");

        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        assertThat(answer.json().get("info").asText()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Euler a         | | euler-a",
                "k_euler_a       | | euler-a",
                "euler_a         | automatic | euler-a",
                "DPM++ 2M Karras | | dpm++-2m-karras",
                "DPM++ 2M        | Karras | dpm++-2m-karras",
                "dpm++ 2m karras | karras | dpm++-2m-karras",
                "Euler           | Uniform | euler",
                "                | Karras | euler-karras",
            })
    void samplersAreKnownInAllSpellings(String name, String schedule, String id) {
        ModelCard card = new ModelCard(
                "m",
                "m",
                "",
                "",
                64,
                64,
                64,
                new SamplingParams("m", 64, 64, 1, 1, "euler", 0),
                Stream.of("euler", "euler-a", "euler-karras", "dpm++-2m", "dpm++-2m-karras")
                        .map(known -> new ModelCard.Sampler(known, known.replace('-', ' ')))
                        .toList());

        assertThat(SdSamplers.id(name, schedule, List.of(card))).isEqualTo(id);
        assertThatThrownBy(() -> SdSamplers.id(name, "Align Your Steps", List.of(card)))
                .hasMessageContaining("scheduler");
    }

    @Test
    void theTablesOfTheDocumentAreThoseOfTheCode() throws IOException {
        String document = Files.readString(Path.of("../docs/compatibility.md"));

        assertThat(rows(document, "txt2img and img2img")).isEqualTo(rows(SdParameters.COMMON));
        assertThat(rows(document, "txt2img")).isEqualTo(rows(SdParameters.TEXT_TO_IMAGE));
        assertThat(rows(document, "img2img")).isEqualTo(rows(SdParameters.IMAGE_TO_IMAGE));
        assertThat(rows(document, "extra-single-image and extra-batch-images")).isEqualTo(rows(SdExtras.COMMON));
        assertThat(rows(document, "extra-single-image")).isEqualTo(rows(SdExtras.SINGLE));
        assertThat(rows(document, "extra-batch-images")).isEqualTo(rows(SdExtras.BATCH));
        assertThat(rows(document, "override_settings, options")).isEqualTo(rows(SdParameters.OVERRIDES));
    }

    @Test
    void theContractHasTheSameParameters() {
        JsonNode schemas = JobJson.MAPPER
                .valueToTree(new Yaml().load(Contract.text().toString()))
                .at("/components/schemas");

        assertThat(names(schemas, "Txt2Img")).isEqualTo(names(SdParameters.COMMON, SdParameters.TEXT_TO_IMAGE));
        assertThat(names(schemas, "Img2Img")).isEqualTo(names(SdParameters.COMMON, SdParameters.IMAGE_TO_IMAGE));
        assertThat(names(schemas, "SdExtras")).isEqualTo(names(SdExtras.SINGLE, SdExtras.COMMON));
        assertThat(names(schemas, "SdExtrasBatch")).isEqualTo(names(SdExtras.BATCH, SdExtras.COMMON));
        assertThat(names(schemas, "SdOptions")).isEqualTo(names(SdParameters.OVERRIDES, List.of()));
    }

    private static List<String> rows(String document, String heading) {
        String section = document.substring(document.indexOf("\n### " + heading + "\n") + 5);
        return section.substring(0, section.indexOf("\n#"))
                .lines()
                .filter(line -> line.startsWith("| `"))
                .toList();
    }

    private static List<String> rows(List<SdParameter> parameters) {
        return parameters.stream()
                .map(parameter -> "| `%s` | %s |".formatted(parameter.name(), parameter.effect()))
                .toList();
    }

    private static List<String> names(JsonNode schemas, String name) {
        return schemas.get(name)
                .get("properties")
                .propertyStream()
                .map(Map.Entry::getKey)
                .toList();
    }

    private static List<String> names(List<SdParameter> some, List<SdParameter> others) {
        return Stream.concat(some.stream(), others.stream())
                .map(SdParameter::name)
                .toList();
    }

    private Client.Answer finished(String path, String prompt, String body) throws Exception {
        CompletableFuture<Client.Answer> answer =
                CompletableFuture.supplyAsync(() -> post(path, body), Thread::startVirtualThread);
        CompletableFuture<Void> finished = CompletableFuture.runAsync(
                () -> {
                    UUID id = SERVICES.worker.newest(prompt);
                    try {
                        SERVICES.worker.finish(id);
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                },
                Thread::startVirtualThread);
        CompletableFuture.anyOf(answer, finished).get(60, TimeUnit.SECONDS);
        return answer.get(60, TimeUnit.SECONDS);
    }

    private Client.Answer post(String path, String body) {
        return client.post("/sdapi/v1/" + path, body, "Content-Type", "application/json");
    }
}
