package io.ruido.gateway.uploads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.config.RuidoConfig.UploadsConfig;
import io.ruido.gateway.Client;
import io.ruido.gateway.Pictures;
import io.ruido.gateway.Services;
import io.ruido.gateway.Worker;
import io.ruido.gateway.http.Problems;
import io.ruido.image.ImageFile;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingParams;
import io.ruido.job.Source;
import io.ruido.job.Upload;
import io.ruido.job.Variation;
import io.ruido.redis.DelayedQueue;
import io.ruido.redis.UploadStore;
import io.ruido.s3.ResultStore;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UploadsTest {
    private static final String NOWHERE = "0".repeat(64);

    @RegisterExtension
    static final Services SERVICES =
            new Services(Map.of("ruido.uploads.max-bytes", "100000", "ruido.uploads.max-pixels", "1000000"));

    private final Client client = SERVICES.client;
    private final Worker worker = SERVICES.worker;

    @Test
    void theSamePictureHasTheSameIdAndComesBackAsItWasSent() {
        byte[] picture = Pictures.png(300, 200);

        Client.Answer first = client.upload(picture);
        Client.Answer again = client.upload(picture);

        assertThat(first.status()).as(first.toString()).isEqualTo(201);
        assertThat(again.json().get("id")).isEqualTo(first.json().get("id"));
        assertThat(first.json().get("width").asInt()).isEqualTo(300);
        assertThat(first.json().get("height").asInt()).isEqualTo(200);
        Client.Answer fetched = client.get(first.header("Location"));
        assertThat(fetched.raw().body()).isEqualTo(picture);
        assertThat(fetched.header("Content-Type")).isEqualTo("image/png");
        assertThat(client.get("/v1/uploads/" + NOWHERE).json().get("code").asText())
                .isEqualTo("not-found");
    }

    @Test
    void whatIsNoPictureOrTooLargeIsRefused() {
        byte[] picture = Pictures.png(300, 200);

        assertRefused(client.upload("a red apple".getBytes()), 400, "must be an image in the format PNG");
        assertRefused(client.upload(new byte[0]), 400, "must be an image in the format PNG");
        assertRefused(client.upload(Arrays.copyOf(picture, 60)), 400, "cannot be decoded");
        assertRefused(client.upload(Pictures.png(1001, 1000)), 400, "must have at most 1000000 pixels");
        assertRefused(client.upload(new byte[100_001]), 413, "must have at most 100000 bytes");
        assertThat(client.upload(picture, "Content-Type", "text/plain").status())
                .isEqualTo(415);
    }

    private static void assertRefused(Client.Answer answer, int status, String reason) {
        assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
        assertThat(answer.json().at("/errors/0/field").asText()).isEqualTo("body");
        assertThat(answer.json().at("/errors/0/reason").asText()).startsWith(reason);
    }

    @Test
    void aJobWithAPictureHasItsProportionsAndTellsTheStepsThatItWillMake() {
        String image = id(client.upload(Pictures.png(400, 100)));
        String mask = id(client.upload(Pictures.png(40, 10)));

        JsonNode job = client.submit("""
            {"prompt": "a changed apple", "image": "%s", "mask": "%s", "strength": 0.5, "steps": 9}\
            """.formatted(image, mask)).json();

        assertThat(job.get("image").asText()).as(job.toString()).isEqualTo(image);
        assertThat(job.get("mask").asText()).isEqualTo(mask);
        assertThat(job.get("strength").asDouble()).isEqualTo(0.5);
        assertThat(job.get("steps").asInt()).isEqualTo(9);
        assertThat(job.at("/images/0/steps").asInt()).isEqualTo(4);
        assertThat(job.get("width").asInt()).isEqualTo(256);
        assertThat(job.get("height").asInt()).isEqualTo(64);
        UUID id = UUID.fromString(job.get("id").asText());
        assertThat(client.get("/v1/jobs/" + id).json()).isEqualTo(job);
    }

    @Test
    void aSamplingJobTooBeginsWithAPictureOfTheSizeThatItNames() throws Exception {
        byte[] picture = Pictures.png(400, 100);
        String image = id(client.upload(picture));

        UUID id = client.submitted("""
            {"type": "sampling", "prompt": "a changed pear", "image": "%s", "width": 64, "height": 64}\
            """.formatted(image));

        SamplingParams params = worker.status(id).job().params();
        assertThat(params.width()).isEqualTo(64);
        assertThat(params.source().strength()).isEqualTo(0.8);
        assertThat(params.source().mask()).isNull();
        assertThat(worker.stored(ResultStore.key(params.source().image()))).contains(picture);
    }

    @Test
    void whatWorkersDecodeIsAPlainPngWhateverWasSent() throws Exception {
        byte[] jpeg = Pictures.jpeg(300, 200);
        UUID id = client.submitted("{\"prompt\": \"an apple\", \"image\": \"%s\"}".formatted(id(client.upload(jpeg))));

        byte[] plain = worker.stored(ResultStore.plainKey(
                        worker.status(id).job().params().source().image()))
                .orElseThrow();

        assertThat(ImageFile.Format.of(plain)).contains(ImageFile.Format.PNG);
        assertThat(pixels(plain)).isEqualTo(pixels(jpeg));
    }

    private static int[] pixels(byte[] picture) {
        BufferedImage image = ImageFile.read("picture", picture, 1_000_000).image();
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"image\": \"@\", \"strength\": 0      | strength | must be above 0",
                "\"image\": \"@\", \"strength\": 1.1    | strength | must be at most 1",
                "\"image\": \"@\", \"strength\": 0.04   | strength | leaves none of 20 steps to run",
                "\"image\": \"apple.png\"               | image    | must match",
                "\"mask\": \"@\"                        | mask     | needs image",
                "\"strength\": 0.5                      | strength | needs image",
                "\"variationSeed\": 3                   | variationSeed | needs variationStrength",
                "\"variationStrength\": 1.5             | variationStrength | must be at most 1",
            })
    void whatMakesNoSenseIsRefusedByName(String fields, String field, String reason) {
        String image = id(client.upload(Pictures.png(64, 64)));

        Client.Answer answer = client.submit("{\"prompt\": \"x\", %s}".formatted(fields.replace("@", image)));

        assertThat(answer.status()).as(answer.toString()).isEqualTo(400);
        assertThat(answer.json().at("/errors/0/field").asText()).isEqualTo(field);
        assertThat(answer.json().at("/errors/0/reason").asText()).startsWith(reason);
    }

    @Test
    void aPictureThatWasNeverSentIsRefusedBeforeTheJobIsAccepted() {
        Client.Answer answer = client.submit("{\"prompt\": \"x\", \"image\": \"%s\"}".formatted(NOWHERE));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().get("code").asText()).isEqualTo("unknown-upload");
        assertThat(answer.json().at("/errors/0/value").asText()).isEqualTo(NOWHERE);
    }

    @Test
    void variationsOfASeedShareItAndDifferInTheOther() {
        JsonNode job = client.submit("""
            {"prompt": "much the same", "count": 3, "seed": 7, "variationSeed": 40, "variationStrength": 0.2}\
            """).json();
        UUID drawn = client.submitted("{\"prompt\": \"much the same\", \"variationStrength\": 0.2}");
        UUID none = client.submitted("{\"prompt\": \"the same\", \"variationSeed\": 3, \"variationStrength\": 0}");

        assertThat(job.get("images"))
                .extracting(image -> image.get("seed").asLong())
                .containsOnly(7L);
        assertThat(job.get("images"))
                .extracting(image -> image.get("variationSeed").asLong())
                .containsExactly(40L, 41L, 42L);
        assertThat(worker.status(drawn).job().params().variation().seed()).isBetween(0L, (1L << 32) - 1);
        assertThat(worker.status(none).job().params().variation()).isNull();
    }

    @Test
    void automatic1111sClientsChangePicturesAndPaintPartsOfThemAnew() throws Exception {
        String picture = Base64.getEncoder().encodeToString(Pictures.png(128, 64));
        String mask = Base64.getEncoder().encodeToString(Pictures.png(32, 16));
        CompletableFuture<Client.Answer> answer = img2img("""
            {"prompt": "img2img", "init_images": ["data:image/png;base64,%s"], "mask": "%s", "resize_mode": 0,
             "denoising_strength": 0.5, "steps": 4, "seed": 7, "subseed": 3, "subseed_strength": 0.25,
             "inpainting_fill": 1, "inpaint_full_res": false, "batch_size": 2, "width": 128, "height": 64}\
            """.formatted(picture, mask));

        UUID id = worker.newest("img2img");
        SamplingParams params = worker.status(id).job().params();
        worker.sample(new SampleId(id, 0), params.stepsMade(), "");
        worker.sample(new SampleId(id, 1), params.stepsMade(), "");

        JsonNode json = answer.get(60, TimeUnit.SECONDS).json();
        assertThat(json.get("images")).as(json.toString()).hasSize(2);
        assertThat(json.at("/parameters/init_images").isNull()).isTrue();
        assertThat(json.get("info").asText()).contains("Variation seed: 4", "Denoising strength: 0.5");
        assertThat(params.variation()).isEqualTo(new Variation(3, 0.25));
        Source source = params.source();
        assertThat(source.strength()).isEqualTo(0.5);
        assertThat(source.mask().width()).isEqualTo(32);
        assertThat(source.image().id()).isEqualTo(id(client.upload(Pictures.png(128, 64))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "init_images        | []          | must have one image",
                "init_images        | [7]         | must have one image in base64",
                "init_images        | [\"YXBwbGU=\"] | must be an image in the format PNG",
                "init_images        | [\"!\"]     | must be an image in base64",
                "mask               | \"YXBwbGU=\" | must be an image in the format PNG",
                "denoising_strength | -0.1        | must be above 0",
                "denoising_strength | 1.01        | at most 1",
                "resize_mode        | 1           | is not supported; only 0 is",
                "enable_hr          | true        | is unknown",
            })
    void whatIsAskedForOtherwiseIsRefusedByName(String field, String value, String reason) {
        String picture = Base64.getEncoder().encodeToString(Pictures.png(64, 64));
        String pictures = field.equals("init_images") ? "" : "\"init_images\": [\"" + picture + "\"], ";

        Client.Answer answer = img2img("{\"prompt\": \"x\", %s\"%s\": %s}".formatted(pictures, field, value))
                .join();

        assertThat(answer.status()).as(answer.toString()).isEqualTo(422);
        assertThat(answer.json().at("/detail/0/loc/1").asText()).isEqualTo(field);
        assertThat(answer.json().at("/detail/0/msg").asText()).contains(reason);
    }

    @Test
    void aRefusedPictureIsNotSentBack() {
        String picture = Base64.getEncoder().encodeToString(Pictures.png(900, 900));

        Client.Answer answer = img2img(
                        "{\"prompt\": \"x\", \"init_images\": [\"%s\", \"%s\"]}".formatted(picture, picture))
                .join();

        assertThat(answer.text()).contains("init_images", "must have one image").hasSizeLessThan(1000);
    }

    @Test
    void whoeverComesWhileTooManyPicturesAreTakenInIsToldToComeAgain() throws InterruptedException {
        UploadsConfig limits = SERVICES.config.uploads();
        BlockingQueue<Runnable> decoding = new LinkedBlockingQueue<>();
        Uploads uploads = new Uploads(
                new UploadStore(SERVICES.connection, limits),
                DelayedQueue.uploads(SERVICES.connection),
                new ResultStore(SERVICES.config.s3()),
                limits,
                Thread::startVirtualThread,
                decoding::add);

        List<CompletableFuture<Upload>> taken = takeIn(uploads);
        CompletableFuture<Upload> refused = taken.removeLast();

        assertThat(refused).isCompletedExceptionally();
        assertThat(Problems.of(refused.exceptionNow())).satisfies(problem -> {
            assertThat(problem.status()).isEqualTo(503);
            assertThat(problem.code()).isEqualTo("too-many-pictures");
            assertThat(problem.retryAfter()).isPositive();
        });
        assertThat(taken).noneMatch(CompletableFuture::isDone);
        Thread decoder = Thread.startVirtualThread(() -> decode(decoding));
        await().until(() -> taken.stream().allMatch(CompletableFuture::isDone));
        assertThat(taken)
                .filteredOn(CompletableFuture::isCompletedExceptionally)
                .hasSize(Uploads.PLACES / 2);
        decoder.interrupt();
        decoder.join();
        assertThat(takeIn(uploads)).filteredOn(CompletableFuture::isDone).hasSize(1);
    }

    /** One more than there are places for; half of them are no pictures. */
    private static List<CompletableFuture<Upload>> takeIn(Uploads uploads) {
        byte[] picture = Pictures.png(40, 20);
        return IntStream.rangeClosed(0, Uploads.PLACES)
                .mapToObj(i -> uploads.keep("body", i % 2 == 0 ? picture : new byte[i], "shop", () -> false)
                        .toCompletableFuture())
                .collect(Collectors.toCollection(ArrayList::new));
    }

    private static void decode(BlockingQueue<Runnable> pictures) {
        try {
            while (true) {
                pictures.take().run();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private CompletableFuture<Client.Answer> img2img(String body) {
        return CompletableFuture.supplyAsync(
                () -> client.post("/sdapi/v1/img2img", body, "Content-Type", "application/json"),
                Thread::startVirtualThread);
    }

    private static String id(Client.Answer upload) {
        return upload.json().get("id").asText();
    }
}
