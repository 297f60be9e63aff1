package io.ruido.gateway.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.InternalServerException;
import com.openai.errors.NotFoundException;
import com.openai.errors.OpenAIServiceException;
import com.openai.models.images.Image;
import com.openai.models.images.ImageGenStreamEvent;
import com.openai.models.images.ImageGenerateParams;
import com.openai.models.images.ImagesResponse;
import io.ruido.gateway.Client;
import io.ruido.gateway.Services;
import io.ruido.gateway.Worker;
import io.ruido.gateway.http.Contract;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import io.ruido.job.Output;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingParams;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** With OpenAI's own client, of which only the base URL is changed. */
class OpenAiTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of("ruido.gateway.model-aliases", "dall-e-3=pears,gone=none"));

    private static OpenAIClient openAi;

    private final Worker worker = SERVICES.worker;

    @BeforeAll
    static void open() {
        openAi = SERVICES.client.openAi();
    }

    @AfterAll
    static void close() {
        openAi.close();
    }

    @Test
    void modelsAreListed() {
        assertThat(openAi.models().list().data())
                .extracting(model -> model.validate().id())
                .containsExactly("apples", "pears", "dall-e-3");
    }

    /** A chat front end; a chat front end's tool for DALL·E 3, and for newer models; and what some send as null. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"model\": \"apples\", \"n\": 1, \"size\": \"128x128\", \"response_format\": \"b64_json\"",
                "\"model\": \"dall-e-3\", \"quality\": \"standard\", \"style\": \"vivid\", \"size\": \"128x128\", \"n\": 1",
                "\"n\": 1, \"size\": \"auto\", \"quality\": \"auto\", \"background\": \"auto\", \"output_format\": \"png\","
                        + " \"output_compression\": 100, \"moderation\": \"auto\", \"user\": \"somebody\"",
                "\"model\": null, \"n\": null, \"size\": null, \"style\": null, \"quality\": null, \"seed\": null, \"user\": null",
            })
    void requestsOfRealClientsAreAnswered(String more) throws Exception {
        String prompt = "a client " + UUID.randomUUID();
        CompletableFuture<Client.Answer> answer = async(() -> SERVICES.client.post(
                "/v1/images/generations",
                "{\"prompt\": \"%s\", %s}".formatted(prompt, more),
                "Content-Type",
                "application/json"));

        worker.finish(worker.newest(prompt));

        assertThat(answer.get(60, TimeUnit.SECONDS).status()).isEqualTo(200);
        assertThat(answer.join().json().at("/data/0/b64_json").asText()).isNotEmpty();
    }

    @Test
    void aModelIsReadByItsNameOrAnAlias() {
        assertThat(openAi.models().retrieve("apples").validate().id()).isEqualTo("apples");
        assertThat(openAi.models().retrieve("dall-e-3").validate().id()).isEqualTo("dall-e-3");
        assertThat(SERVICES.client.get("/v1/models/dall-e-3").json().get("name").asText())
                .isEqualTo("pears");
        assertThatThrownBy(() -> openAi.models().retrieve("gone")).isInstanceOf(NotFoundException.class);
    }

    @Test
    void anAliasIsItsModelInEveryRequest() throws Exception {
        CompletableFuture<ImagesResponse> answer = generate(prompt("by alias")
                .model("dall-e-3")
                .putAdditionalBodyProperty("style", JsonValue.from("vivid"))
                .putAdditionalBodyProperty("quality", JsonValue.from("standard")));

        UUID id = worker.newest("by alias");
        worker.finish(id);

        assertThat(answer.get(60, TimeUnit.SECONDS).data()).isPresent();
        assertThat(worker.status(id).job().params().model()).isEqualTo("pears");
        assertThat(SERVICES.client
                        .submit("{\"prompt\": \"x\", \"model\": \"dall-e-3\"}")
                        .json()
                        .get("model")
                        .asText())
                .isEqualTo("pears");
    }

    @Test
    void whatIsNotOfOpenAiComesInTheBodyToo() throws Exception {
        CompletableFuture<ImagesResponse> answer = generate(prompt("with extras")
                .outputFormat(ImageGenerateParams.OutputFormat.WEBP)
                .outputCompression(60)
                .putAdditionalBodyProperty("seed", JsonValue.from(7))
                .putAdditionalBodyProperty("steps", JsonValue.from(3))
                .putAdditionalBodyProperty("negative_prompt", JsonValue.from("worms"))
                .putAdditionalBodyProperty("guidance_scale", JsonValue.from(2.5)));

        UUID id = worker.newest("with extras");
        worker.finish(id);

        assertThat(answer.get(60, TimeUnit.SECONDS).outputFormat().orElseThrow().toString())
                .isEqualTo("webp");
        SamplingParams params = worker.status(id).job().params();
        assertThat(params.seed()).isEqualTo(7);
        assertThat(params.steps()).isEqualTo(3);
        assertThat(params.guidanceScale()).isEqualTo(2.5);
        assertThat(params.output()).isEqualTo(new Output(Output.Format.WEBP, 60));
        assertThat(worker.status(id).job().negativePrompt()).isEqualTo("worms");
    }

    @Test
    void aUrlLeadsToTheGatewayForAWhileAndWithAnyAuthorization() throws Exception {
        CompletableFuture<ImagesResponse> answer = generate(prompt("signed"));
        worker.finish(worker.newest("signed"));
        String url = answer.get(60, TimeUnit.SECONDS)
                .data()
                .orElseThrow()
                .getFirst()
                .url()
                .orElseThrow();
        Client client = SERVICES.client;
        String path = url.substring(client.address.toString().length());

        assertThat(url).startsWith(client.address + "/v1/results/").contains("/0.png?");
        assertThat(client.get(path, "Authorization", "Bearer none").raw().body())
                .isEqualTo(Worker.PNG);
        assertThat(client.send("HEAD", path, null).status()).isEqualTo(200);
        assertThat(client.get(path).header("ETag")).isNotBlank();
        assertThat(client.get(path.replace("/0.png", "/1.png")).status()).isEqualTo(403);
        assertThat(client.get(path.replace("expires=", "expires=9")).status()).isEqualTo(403);
        assertThat(client.get(path.replaceAll("signature=.*", "signature=x")).status())
                .isEqualTo(403);
    }

    @Test
    void theSameIdempotencyKeyIsOneJob() throws Exception {
        List<CompletableFuture<Client.Answer>> answers = Stream.generate(() -> async(() -> SERVICES.client.post(
                        "/v1/images/generations",
                        "{\"prompt\": \"only once\"}",
                        "Content-Type",
                        "application/json",
                        "Idempotency-Key",
                        "only-once")))
                .limit(2)
                .toList();
        UUID id = worker.newest("only once");
        worker.finish(id);

        for (CompletableFuture<Client.Answer> answer : answers) {
            assertThat(answer.get(60, TimeUnit.SECONDS).json().at("/data/0/url").asText())
                    .contains(id.toString());
        }
        Client.Answer other = SERVICES.client.post(
                "/v1/images/generations",
                "{\"prompt\": \"another\"}",
                "Content-Type",
                "application/json",
                "Idempotency-Key",
                "only-once");
        assertThat(other.status()).isEqualTo(422);
    }

    @ParameterizedTest
    @CsvSource({
        "images/generations, ImageGeneration",
        "images/edits,       ImageEdit",
        "images/variations,  ImageVariation",
        "videos,             VideoForm",
    })
    void theTablesOfTheDocumentAreThoseOfTheContract(String heading, String schema) throws IOException {
        String document = Files.readString(Path.of("../docs/compatibility.md"));
        String section = document.substring(document.indexOf("\n### " + heading + "\n") + 5);
        JsonNode properties = JobJson.MAPPER
                .valueToTree(new Yaml().load(Contract.text().toString()))
                .at("/components/schemas/" + schema + "/properties");

        assertThat(section.split("\n#", 2)[0].lines().filter(line -> line.startsWith("| `")))
                .containsExactlyElementsOf(properties
                        .propertyStream()
                        .map(property -> "| `%s` | %s |"
                                .formatted(
                                        property.getKey(),
                                        property.getValue().get("description").asText()))
                        .toList());
    }

    @Test
    void imagesComeAsBase64AndAsUrlsThatAnybodyCanFetch() throws Exception {
        CompletableFuture<ImagesResponse> answer =
                generate(prompt("two apples").n(2).size(size("128x192")));

        UUID id = worker.newest("two apples");
        worker.finish(id);

        ImagesResponse images = answer.get(60, TimeUnit.SECONDS);
        assertThat(images.data().orElseThrow()).hasSize(2);
        for (Image image : images.data().orElseThrow()) {
            assertThat(Base64.getDecoder().decode(image.b64Json().orElseThrow()))
                    .isEqualTo(Worker.PNG);
            assertThat(fetch(image.url().orElseThrow())).isEqualTo(Worker.PNG);
        }
        assertThat(worker.status(id).job().params().height()).isEqualTo(192);
    }

    @Test
    void aFormatThatWasAskedForIsTheOnlyOne() throws Exception {
        CompletableFuture<ImagesResponse> answer =
                generate(prompt("by url").putAdditionalBodyProperty("response_format", JsonValue.from("url")));

        worker.finish(worker.newest("by url"));

        Image image = answer.get(60, TimeUnit.SECONDS).data().orElseThrow().getFirst();
        assertThat(image.url()).isPresent();
        assertThat(image.b64Json()).isEmpty();
    }

    @Test
    void aStreamShowsPreviewsSpreadOverTheStepsAndThenTheImage() throws Exception {
        CompletableFuture<List<ImageGenStreamEvent>> events = async(() -> {
            try (StreamResponse<ImageGenStreamEvent> stream = openAi.images()
                    .generateStreaming(prompt("emerges")
                            .size(size("128x192"))
                            .partialImages(2)
                            .build())) {
                return stream.stream().toList();
            }
        });

        UUID id = worker.newest("emerges");
        worker.sample(new SampleId(id, 0), 20, preview(Color.RED));

        List<ImageGenStreamEvent> got = events.get(60, TimeUnit.SECONDS);
        assertThat(got).hasSize(3);
        BufferedImage partial = picture(got.get(0).asGenerationPartialImage().b64Json());
        assertThat(partial.getWidth()).isEqualTo(128);
        assertThat(partial.getHeight()).isEqualTo(192);
        assertThat(new Color(partial.getRGB(100, 150))).isEqualTo(Color.RED);
        assertThat(got.get(1).asGenerationPartialImage().validate().partialImageIndex())
                .isEqualTo(1);
        assertThat(Base64.getDecoder().decode(got.get(2).asGenerationCompleted().b64Json()))
                .isEqualTo(Worker.PNG);
        assertThat(got.get(2).asGenerationCompleted().validate().size().toString())
                .isEqualTo("128x192");
    }

    @ParameterizedTest
    @CsvSource({
        "n,               2,   must be 1 with stream",
        "response_format, url, must be b64_json with stream",
        "partial_images,  4,   must be at most 3",
    })
    void whatAStreamCannotDoIsRefusedByName(String name, String value, String reason) {
        ImageGenerateParams params =
                prompt("x").putAdditionalBodyProperty(name, json(value)).build();

        assertThatThrownBy(() -> openAi.images().generateStreaming(params))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining(name + " " + reason);
    }

    @ParameterizedTest
    @CsvSource({
        "size,            100x100,     must be divisible by 64",
        "size,            large,       must match",
        "n,               17,          must be at most 16",
        "n,               4294967297,  must be at most 10000",
        "model,           gpt-image-1, 'must be one of apples, pears, dall-e-3'",
        "background,      transparent, 'must be one of auto, opaque'",
        "output_format,   gif,         'must be one of png, jpeg, webp'",
        "output_compression, 50,       must be 100 for png",
        "style,           natural,     must be one of vivid",
        "quality,         hd,          'must be one of auto, standard'",
        "steps,           0,           must be at least 1",
        "seed,            -1,          must be at least 0",
        "sampler,         ddim,        is unknown",
        "partial_images,  2,           needs stream",
    })
    void whatCannotBeHonouredIsRefusedByName(String name, String value, String reason) {
        ImageGenerateParams params =
                prompt("x").putAdditionalBodyProperty(name, json(value)).build();

        assertThatThrownBy(() -> openAi.images().generate(params))
                .isInstanceOfSatisfying(BadRequestException.class, e -> {
                    assertThat(e.param()).contains(name);
                    assertThat(e.type()).contains("invalid_request_error");
                })
                .hasMessageContaining(name + " " + reason);
    }

    @Test
    void aJobThatFailsIsAnErrorWithItsReason() {
        CompletableFuture<ImagesResponse> answer = generate(prompt("hopeless"));

        SERVICES.store
                .fail(worker.newest("hopeless"), "out of paint")
                .toCompletableFuture()
                .join();

        assertThatThrownBy(answer::join)
                .cause()
                .isInstanceOf(InternalServerException.class)
                .hasMessageContaining("out of paint");
    }

    @Test
    void aStreamWhoseJobIsCancelledEndsWithAnError() {
        CompletableFuture<Long> events = async(() -> {
            try (StreamResponse<ImageGenStreamEvent> stream =
                    openAi.images().generateStreaming(prompt("stopped").build())) {
                return stream.stream().count();
            }
        });

        SERVICES.store.cancel(worker.newest("stopped")).toCompletableFuture().join();

        assertThatThrownBy(events::join)
                .cause()
                .isInstanceOf(OpenAIServiceException.class)
                .hasMessageContaining("was cancelled");
    }

    @Test
    void aStreamWhoseClientGoesAwayCancelsItsJob() {
        StreamResponse<ImageGenStreamEvent> stream =
                openAi.images().generateStreaming(prompt("left").build());
        UUID id = worker.newest("left");

        stream.close();

        await().until(() -> worker.status(id).state() == JobState.CANCELLED);
    }

    @Test
    void aJobWhoseClientGoesAwayIsCancelled() {
        HttpRequest request = HttpRequest.newBuilder(SERVICES.client.address.resolve("/v1/images/generations"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"prompt\": \"forgotten\"}"))
                .build();
        CompletableFuture<HttpResponse<Void>> answer =
                SERVICES.client.http.sendAsync(request, BodyHandlers.discarding());
        UUID id = worker.newest("forgotten");

        answer.cancel(true);

        await().until(() -> worker.status(id).state() == JobState.CANCELLED);
    }

    private static CompletableFuture<ImagesResponse> generate(ImageGenerateParams.Builder params) {
        return async(() -> openAi.images().generate(params.build()));
    }

    /** The common pool has one thread on a small machine, and the S3 client needs it. */
    private static <T> CompletableFuture<T> async(Supplier<T> call) {
        return CompletableFuture.supplyAsync(call, Thread::startVirtualThread);
    }

    private static ImageGenerateParams.Builder prompt(String prompt) {
        return ImageGenerateParams.builder().prompt(prompt);
    }

    private static ImageGenerateParams.Size size(String size) {
        return ImageGenerateParams.Size.of(size);
    }

    private static JsonValue json(String value) {
        return JsonValue.from(value.matches("-?\\d+") ? (Object) Long.valueOf(value) : value);
    }

    /** Eight pixels square, as a worker would tell of it. */
    private static String preview(Color colour) throws IOException {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 64; i++) {
            image.setRGB(i % 8, i / 8, colour.getRGB());
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(image, "png", png);
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(png.toByteArray());
    }

    private static BufferedImage picture(String base64) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(base64)));
    }

    private static byte[] fetch(String url) throws Exception {
        return SERVICES.client
                .http
                .send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofByteArray())
                .body();
    }
}
