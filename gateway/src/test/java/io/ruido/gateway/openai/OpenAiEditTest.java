package io.ruido.gateway.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.models.images.ImageCreateVariationParams;
import com.openai.models.images.ImageEditParams;
import com.openai.models.images.ImageEditStreamEvent;
import com.openai.models.images.ImagesResponse;
import io.ruido.gateway.Client;
import io.ruido.gateway.Pictures;
import io.ruido.gateway.Services;
import io.ruido.gateway.Worker;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingParams;
import io.ruido.job.Source;
import io.ruido.s3.ResultStore;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** With OpenAI's own client, of which only the base URL is changed. */
class OpenAiEditTest {
    private static final byte[] PICTURE = Pictures.png(128, 64);

    @RegisterExtension
    static final Services SERVICES = new Services(Map.of());

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
    void whatTheMaskHasTransparentIsPaintedAnew() throws Exception {
        CompletableFuture<ImagesResponse> answer = async(() ->
                openAi.images().edit(edit("a hat").mask(mask(128, 64)).n(2).build()));

        UUID id = worker.newest("a hat");
        worker.finish(id);

        assertThat(answer.get(60, TimeUnit.SECONDS).data().orElseThrow())
                .hasSize(2)
                .allSatisfy(image -> assertThat(
                                Base64.getDecoder().decode(image.b64Json().orElseThrow()))
                        .isEqualTo(Worker.PNG));
        Source source = worker.status(id).job().params().source();
        assertThat(source.strength()).isEqualTo(1);
        assertThat(stored(ResultStore.key(source.image()))).isEqualTo(PICTURE);
        BufferedImage mask = ImageIO.read(new ByteArrayInputStream(stored(ResultStore.key(source.mask()))));
        assertThat(mask.getRGB(10, 10)).isEqualTo(0xffffffff);
        assertThat(mask.getRGB(100, 10)).isEqualTo(0xff000000);
    }

    @Test
    void withoutMaskThePictureIsChangedInItsProportions() throws Exception {
        CompletableFuture<List<ImageEditStreamEvent>> events = async(() -> {
            try (StreamResponse<ImageEditStreamEvent> stream = openAi.images()
                    .editStreaming(edit("changes").partialImages(1).build())) {
                return stream.stream().toList();
            }
        });

        UUID id = worker.newest("changes");
        String preview = "data:image/png;base64," + Base64.getEncoder().encodeToString(Pictures.png(8, 4));
        worker.sample(new SampleId(id, 0), 20, preview);

        List<ImageEditStreamEvent> got = events.get(60, TimeUnit.SECONDS);
        assertThat(got).hasSize(2);
        assertThat(got.get(0).asPartialImage().validate().partialImageIndex()).isZero();
        assertThat(Base64.getDecoder()
                        .decode(got.get(1).asCompleted().validate().b64Json()))
                .isEqualTo(Worker.PNG);
        assertThat(got.get(1).asCompleted().size().toString()).isEqualTo("192x64");
        assertThat(worker.status(id).job().params().source().mask()).isNull();
    }

    @Test
    void withoutMaskAHoleInThePictureIsTheMask() throws Exception {
        byte[] picture = mask(128, 64);
        CompletableFuture<ImagesResponse> answer =
                async(() -> openAi.images().edit(edit("a hole").image(picture).build()));

        UUID id = worker.newest("a hole");
        worker.finish(id);

        assertThat(answer.get(60, TimeUnit.SECONDS).data()).isPresent();
        Source source = worker.status(id).job().params().source();
        assertThat(source.strength()).isEqualTo(1);
        BufferedImage hole = ImageIO.read(new ByteArrayInputStream(stored(ResultStore.key(source.mask()))));
        assertThat(hole.getRGB(10, 10)).isEqualTo(0xffffffff);
        assertThat(hole.getRGB(100, 10)).isEqualTo(0xff000000);
    }

    @Test
    @SuppressWarnings("deprecation") // OpenAI has no newer call
    void aVariationIsMadeOfThePictureAlone() throws Exception {
        CompletableFuture<ImagesResponse> answer = async(() -> openAi.images()
                .createVariation(ImageCreateVariationParams.builder()
                        .image(PICTURE)
                        .n(2)
                        .responseFormat(ImageCreateVariationParams.ResponseFormat.URL)
                        .putAdditionalBodyProperty("seed", JsonValue.from("5"))
                        .putAdditionalBodyProperty("guidance_scale", JsonValue.from("2.5"))
                        .build()));

        UUID id = worker.newest("");
        worker.finish(id);

        assertThat(answer.get(60, TimeUnit.SECONDS).data().orElseThrow())
                .hasSize(2)
                .allSatisfy(image -> assertThat(image.url().orElseThrow()).contains(id.toString()));
        SamplingParams params = worker.status(id).job().params();
        assertThat(params.source().strength()).isEqualTo(0.8);
        assertThat(params.seed()).isEqualTo(5);
        assertThat(params.guidanceScale()).isEqualTo(2.5);
    }

    @ParameterizedTest
    @CsvSource({
        "n,              17,      must be at most 16",
        "n,              many,    must be a whole number",
        "size,           100x100, must be divisible by 64",
        "model,          dall-e,  must be one of apples",
        "input_fidelity, high,    must be one of low",
        "guidance_scale, much,    must be of type number",
        "partial_images, 2,       needs stream",
    })
    void whatCannotBeHonouredIsRefusedByName(String name, String value, String reason) {
        ImageEditParams params =
                edit("x").putAdditionalBodyProperty(name, JsonValue.from(value)).build();

        assertThatThrownBy(() -> openAi.images().edit(params))
                .isInstanceOfSatisfying(
                        BadRequestException.class, e -> assertThat(e.param()).contains(name))
                .hasMessageContaining(name + " " + reason);
    }

    @Test
    void picturesThatAreNoneAndMasksThatFitNoneAreRefused() {
        byte[] text = "no picture".getBytes();

        refused(edit("x").image(text), "image must be an image in the format PNG");
        refused(edit("x").mask(text), "mask must be an image in the format PNG");
        refused(edit("x").mask(mask(64, 64)), "mask must have 128×64 pixels like the image (was \"64×64 pixels\")");
        refused(edit("x").mask(PICTURE), "mask must be transparent where the image is repainted");
        refused(edit("x").imageOfInputStreams(List.of(stream(), stream())), "image must be given once");
    }

    @Test
    void whatIsNoFormIsRefused() {
        Client.Answer json = SERVICES.client.post("/v1/images/edits", "{}", "Content-Type", "application/json");
        Client.Answer broken = SERVICES.client.post("/v1/images/edits", "{}", "Content-Type", "multipart/form-data");

        assertThat(json.status()).isEqualTo(415);
        assertThat(json.json().get("error").get("param").asText()).isEqualTo("Content-Type");
        assertThat(broken.status()).isEqualTo(400);
        assertThat(broken.json().get("error").get("code").asText()).isEqualTo("malformed-request");
    }

    private static void refused(ImageEditParams.Builder params, String message) {
        assertThatThrownBy(() -> openAi.images().edit(params.build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining(message);
    }

    private static ImageEditParams.Builder edit(String prompt) {
        return ImageEditParams.builder().image(PICTURE).prompt(prompt);
    }

    private static InputStream stream() {
        return new ByteArrayInputStream(PICTURE);
    }

    /** Transparent on the left. */
    private static byte[] mask(int width, int height) {
        BufferedImage mask = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        for (int y = 0; y < height; y++) {
            for (int x = width / 2; x < width; x++) {
                mask.setRGB(x, y, 0xff123456);
            }
        }
        return Pictures.png(mask);
    }

    private byte[] stored(String key) throws IOException {
        return worker.stored(key).orElseThrow();
    }

    private static <T> CompletableFuture<T> async(Supplier<T> call) {
        return CompletableFuture.supplyAsync(call, Thread::startVirtualThread);
    }
}
