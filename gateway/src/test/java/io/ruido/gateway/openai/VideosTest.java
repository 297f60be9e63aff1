package io.ruido.gateway.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.core.JsonValue;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.models.videos.Video;
import com.openai.models.videos.VideoCreateParams;
import com.openai.models.videos.VideoDownloadContentParams;
import com.openai.models.videos.VideoListParams;
import com.openai.models.videos.VideoRemixParams;
import com.openai.models.videos.VideoSeconds;
import com.openai.models.videos.VideoSize;
import io.ruido.gateway.Client;
import io.ruido.gateway.Pictures;
import io.ruido.gateway.Services;
import io.ruido.gateway.Worker;
import io.ruido.job.Artifact;
import io.ruido.job.Geometry;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.ModelCard;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingParams;
import io.ruido.kafka.Topics;
import io.ruido.redis.ChangeResult;
import io.ruido.redis.ModelRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** With OpenAI's own client, of which only the base URL is changed. */
@SuppressWarnings("deprecation") // OpenAI has closed its own service
class VideosTest {
    private static final byte[] MP4 = {0, 0, 0, 24, 'f', 't', 'y', 'p', 'i', 's', 'o', 'm'};
    private static final int STEPS = 4;

    @RegisterExtension
    static final Services SERVICES = new Services(Map.of());

    private static OpenAIClient openAi;

    private final Worker worker = SERVICES.worker;

    @BeforeAll
    static void open() {
        Topics.create(SERVICES.config.kafka(), List.of("rolling"));
        new ModelRegistry(SERVICES.connection)
                .serve("clips", 10_000, List.of(clips()), Duration.ofHours(1))
                .toCompletableFuture()
                .join();
        openAi = SERVICES.client.openAi();
    }

    private static ModelCard clips() {
        SamplingParams defaults =
                new SamplingParams("rolling", new Geometry(64, 64, 25), STEPS, 3, "ddim", 0, null, null, null);
        return new ModelCard(
                "rolling",
                "Rolling",
                "for tests",
                "MIT",
                32,
                256,
                16,
                defaults,
                List.of(new ModelCard.Sampler("ddim", "DDIM")),
                List.of(),
                null,
                new ModelCard.Clips(4, 64 * 64 * 100, 8, true),
                null);
    }

    @AfterAll
    static void close() {
        openAi.close();
    }

    @Test
    void aVideoIsQueuedUntilAWorkerBeginsItAndThenCompletes() throws Exception {
        Video created = openAi.videos()
                .create(create("a ball that rolls")
                        .seconds(VideoSeconds.of("3"))
                        .size(VideoSize.of("96x64"))
                        .build());
        SampleId sample = sample(created);

        assertThat(created.status()).isEqualTo(Video.Status.QUEUED);
        assertThat(created.progress()).isZero();
        assertThat(created.seconds().toString()).isEqualTo("3");
        assertThat(created.size().toString()).isEqualTo("96x64");
        assertThat(created.model().toString()).isEqualTo("rolling");
        assertThat(worker.status(sample.jobId()).job().params().geometry()).isEqualTo(new Geometry(96, 64, 25));
        assertThat(retrieve(created).status()).isEqualTo(Video.Status.QUEUED);

        int attempt = worker.claim(sample);
        worker.step(sample, attempt, 2, STEPS, "");
        assertThat(retrieve(created).status()).isEqualTo(Video.Status.IN_PROGRESS);
        assertThat(retrieve(created).progress()).isEqualTo(50);
        worker.storeClip(sample, attempt, MP4);

        Video completed = retrieve(created);
        assertThat(completed.status()).isEqualTo(Video.Status.COMPLETED);
        assertThat(completed.progress()).isEqualTo(100);
        assertThat(completed.completedAt()).isPresent();
        assertThat(content(completed, VideoDownloadContentParams.Variant.VIDEO)).isEqualTo(MP4);
        assertThat(content(completed, VideoDownloadContentParams.Variant.THUMBNAIL))
                .isEqualTo(Worker.PNG);
    }

    /** However long that takes: no request waits for it, and the job has no deadline. */
    @Test
    void aVideoIsMadeWhenNobodyAsksForIt() throws Exception {
        Video created = openAi.videos().create(create("patience").build());
        JobStatus status = worker.status(sample(created).jobId());

        assertThat(status.expiresAt()).isNull();
        worker.storeClip(sample(created), worker.claim(sample(created)), MP4);
        assertThat(retrieve(created).status()).isEqualTo(Video.Status.COMPLETED);
    }

    @Test
    void aClientIsToldWhenToAskAgainUntilTheVideoIsFinished() throws Exception {
        Video created = openAi.videos().create(create("again").build());

        Client.Answer queued = SERVICES.client.get("/v1/videos/" + created.id());
        worker.storeClip(sample(created), worker.claim(sample(created)), MP4);
        Client.Answer completed = SERVICES.client.get("/v1/videos/" + created.id());

        assertThat(Integer.parseInt(queued.header("openai-poll-after-ms"))).isBetween(100, 10_000);
        assertThat(completed.header("openai-poll-after-ms")).isNull();
    }

    @Test
    void deletingAVideoStopsTheWorkOnIt() throws Exception {
        Video running = openAi.videos().create(create("runs").build());
        Video waiting = openAi.videos().create(create("waits").build());
        SampleId sample = sample(running);
        int attempt = worker.claim(sample);

        assertThat(openAi.videos().delete(running.id()).deleted()).isTrue();
        assertThat(openAi.videos().delete(waiting.id()).deleted()).isTrue();

        assertThat(worker.step(sample, attempt, 2, STEPS, "")).isNotInstanceOf(ChangeResult.Done.class);
        for (Video deleted : List.of(running, waiting)) {
            assertThatThrownBy(() -> retrieve(deleted)).isInstanceOf(NotFoundException.class);
            assertThatThrownBy(() -> openAi.videos().delete(deleted.id())).isInstanceOf(NotFoundException.class);
        }
    }

    @Test
    void aDeletedVideoLeavesNothingInTheBucket() throws Exception {
        Video created = openAi.videos().create(create("gone").build());
        SampleId sample = sample(created);
        worker.storeClip(sample, worker.claim(sample), MP4);
        String key = worker.status(sample.jobId()).images().getFirst().key();

        openAi.videos().delete(created.id());

        assertThat(worker.stored(key)).isEmpty();
        assertThat(worker.stored(Artifact.thumbnailKey(key))).isEmpty();
    }

    /** A worker that has no memory for a clip says so, and takes the next one. */
    @Test
    void aVideoThatCannotBeMadeFailsWithTheReasonAndSpoilsNoOther() throws Exception {
        Video tooLarge = openAi.videos().create(create("too large").build());
        Video next = openAi.videos().create(create("next").build());
        worker.claim(sample(tooLarge));

        worker.fail(sample(tooLarge).jobId(), "out of memory");
        worker.storeClip(sample(next), worker.claim(sample(next)), MP4);

        Video failed = retrieve(tooLarge);
        assertThat(failed.status()).isEqualTo(Video.Status.FAILED);
        assertThat(failed.error().orElseThrow().message()).isEqualTo("out of memory");
        assertThat(failed.error().orElseThrow().code()).isEqualTo("job-failed");
        assertThatThrownBy(() -> content(failed, VideoDownloadContentParams.Variant.VIDEO))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("it is failed");
        assertThat(retrieve(next).status()).isEqualTo(Video.Status.COMPLETED);
    }

    @Test
    void aCancelledJobIsAFailedVideo() {
        Video created = openAi.videos().create(create("never").build());

        SERVICES.client.post("/v1/jobs/" + sample(created).jobId() + "/cancel", "");

        assertThat(retrieve(created).status()).isEqualTo(Video.Status.FAILED);
        assertThat(retrieve(created).error().orElseThrow().code()).isEqualTo("job-cancelled");
        assertThat(worker.tryClaim(sample(created))).isEqualTo(JobState.CANCELLED);
    }

    @Test
    void aRemixIsTheSameClipWithAnotherPrompt() {
        Video original = openAi.videos()
                .create(create("a red ball")
                        .putAdditionalBodyProperty("seed", JsonValue.from(11))
                        .seconds(VideoSeconds.of("1"))
                        .build());

        Video remix = openAi.videos()
                .remix(
                        original.id(),
                        VideoRemixParams.builder().prompt("a blue ball").build());

        assertThat(remix.remixedFromVideoId()).contains(original.id());
        assertThat(original.remixedFromVideoId()).isEmpty();
        assertThat(remix.prompt()).contains("a blue ball");
        assertThat(params(remix)).isEqualTo(params(original));
        assertThat(params(remix).seed()).isEqualTo(11);
    }

    @Test
    void aClipBeginsWithThePictureThatIsSent() {
        Video created = openAi.videos()
                .create(create("moves").inputReference(Pictures.png(128, 64)).build());
        String data = "data:image/png;base64," + Base64.getEncoder().encodeToString(Pictures.png(64, 64));
        Client.Answer json = SERVICES.client.post(
                "/v1/videos",
                "{\"prompt\": \"moves\", \"seconds\": 1, \"input_reference\": {\"image_url\": \"%s\"}}".formatted(data),
                "Content-Type",
                "application/json");

        assertThat(params(created).source().strength()).isEqualTo(1);
        assertThat(params(created).geometry()).isEqualTo(new Geometry(96, 48, 25)); // in the picture's proportions
        assertThat(json.status()).isEqualTo(200);
        assertThat(json.json().get("seconds").asText()).isEqualTo("1");
    }

    @Test
    void videosAreListedNewestFirstPageByPageAndPicturesAreNotAmongThem() throws IOException {
        Video first = openAi.videos().create(create("one").build());
        SERVICES.client.post(
                "/v1/jobs", "{\"prompt\": \"a picture\", \"model\": \"apples\"}", "Content-Type", "application/json");
        Video second = openAi.videos().create(create("two").build());

        var page = openAi.videos().list(VideoListParams.builder().limit(1).build());
        var next = openAi.videos()
                .list(VideoListParams.builder().limit(1).after(second.id()).build());

        assertThat(page.data()).extracting(Video::id).containsExactly(second.id());
        assertThat(next.data()).extracting(Video::id).containsExactly(first.id());
    }

    @ParameterizedTest
    @CsvSource({
        "seconds,     many,    seconds must match",
        "seconds,     0.1,     'seconds must be longer: it is less than a frame (was \"0.1\")'",
        "seconds,     60,      seconds make 1970176 pixels",
        "size,        60x64,   'size must be divisible by 16 for model rolling (was 60)'",
        "num_frames,  24,      'num_frames must be 1 more than a multiple of 4 for model rolling (was 24)'",
        "model,       apples,  'model must be a model of clips, but it makes images'",
        "model,       sora,    model must be one of",
        "fps,         0,       fps must be",
        "quality,     high,    quality is unknown",
    })
    void whatCannotBeHonouredIsRefusedByNameAndValue(String name, String value, String reason) {
        VideoCreateParams params = create("x")
                .putAdditionalBodyProperty(name, JsonValue.from(value))
                .build();

        assertThatThrownBy(() -> openAi.videos().create(params))
                .isInstanceOfSatisfying(
                        BadRequestException.class, e -> assertThat(e.param()).contains(name))
                .hasMessageContaining(reason);
    }

    @ParameterizedTest
    @CsvSource({"?order=asc, order", "?limit=0, limit", "/video_1/content?variant=spritesheet, variant"})
    void parametersThatAreNotSupportedAreRefusedByName(String path, String param) {
        Client.Answer answer = SERVICES.client.get("/v1/videos" + path);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().at("/error/param").asText()).isEqualTo(param);
    }

    private static VideoCreateParams.Builder create(String prompt) {
        return VideoCreateParams.builder().prompt(prompt);
    }

    private static Video retrieve(Video video) {
        return openAi.videos().retrieve(video.id());
    }

    private static byte[] content(Video video, VideoDownloadContentParams.Variant variant) throws IOException {
        try (var answer = openAi.videos()
                .downloadContent(
                        video.id(),
                        VideoDownloadContentParams.builder().variant(variant).build())) {
            return answer.body().readAllBytes();
        }
    }

    private SamplingParams params(Video video) {
        return worker.status(sample(video).jobId()).job().params();
    }

    private static SampleId sample(Video video) {
        String digits = video.id().substring("video_".length());
        return new SampleId(
                UUID.fromString(digits.replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5")), 0);
    }
}
