package io.ruido.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import io.ruido.diffusion.SampleState;
import io.ruido.job.Geometry;
import io.ruido.job.JobEvent;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.PromptJob;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingParams;
import io.ruido.job.Seeds;
import io.ruido.job.Source;
import io.ruido.job.Upload;
import io.ruido.job.Variation;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.Sampling;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.plan.Engine;
import io.ruido.redis.ClaimResult;
import io.ruido.worker.models.DenoiserInput;
import io.ruido.worker.models.Model;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs that begin with a picture, or with a variation of a seed. */
@Timeout(120)
class SourceImagesTest {
    private static final int STEPS = 10;
    private static final int SIZE = 32;

    private static Servers servers;
    private static Worker worker;

    @BeforeAll
    static void start(@TempDir Path folder) throws IOException {
        servers = Servers.start(folder);
        worker = servers.worker();
    }

    @AfterAll
    static void stop() {
        worker.close();
        servers.close();
    }

    @Test
    void aJobGivesThePictureThatItsSettingsGiveWithoutAnyService() throws IOException {
        byte[] image = TestPictures.png(SIZE + 16, SIZE, 1);
        byte[] mask = TestPictures.leftWhite(2 * SIZE, SIZE);
        Variation variation = new Variation(5, 0.3);
        Source source = new Source(servers.upload(image), 0.55, servers.upload(mask));

        PromptJob job = servers.submit("an apple", 2, Servers.params(STEPS, 3, variation, source));
        List<JobEvent> events = servers.watch(job.jobId());
        servers.awaitState(job.jobId(), JobState.SUCCEEDED);

        assertThat(rgb(servers.picture(job, 1)))
                .isEqualTo(sampled(job, image, mask).rgb());
        assertThat(events.stream().filter(JobEvent.Step.class::isInstance).map(JobEvent.Step.class::cast))
                .allSatisfy(step -> assertThat(step.steps()).isEqualTo(5))
                .extracting(JobEvent.Step::step)
                .contains(1, 5)
                .doesNotContain(6);
    }

    /** The second picture of the job. */
    private static RgbImage sampled(PromptJob job, byte[] image, byte[] mask) throws IOException {
        SamplingParams params = job.params();
        SampleRequest request = new SampleRequest(
                        job.prompt(),
                        "",
                        new Seeds(params.seed(), new Variation(5, 0.3)),
                        params.steps(),
                        Optional.of(params.sampler()),
                        params.guidanceScale(),
                        0,
                        Geometry.ofImage(SIZE, SIZE),
                        0,
                        Optional.of(new SampleRequest.Source(
                                RgbImage.of(read(image)).resized(SIZE, SIZE),
                                0.55,
                                Optional.of(RgbImage.of(read(mask)).resized(SIZE, SIZE)))))
                .ofImage(1);
        Path folder = servers.config.worker().models().resolve(Servers.MODEL);
        try (var pipeline = DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32, Engine.PLAN, List.of())) {
            return new Sampling(pipeline).run(request, step -> {}).frames().first();
        }
    }

    @Test
    void anImageStaysWithItsWorkerForAsLongAsItsPictureCannotBeFetched() throws Exception {
        Source source = new Source(servers.upload(TestPictures.png(SIZE, SIZE, 1)), 0.5, null);
        Duration lease = servers.config.jobs().lease();
        Thread outage = Thread.startVirtualThread(() -> servers.restartS3(lease.multipliedBy(4)));
        await().until(() -> !servers.results.reachable());

        PromptJob job = servers.submit("an apple", 1, Servers.params(STEPS, 3, null, source));
        await().until(() -> servers.status(job.jobId()).state() == JobState.SAMPLING);
        Thread.sleep(lease.plusMillis(500));
        SampleId image = new SampleId(job.jobId(), 0);
        ClaimResult other =
                servers.store.claim(image, "another").toCompletableFuture().join();
        outage.join();

        assertThat(other).isInstanceOf(ClaimResult.Owned.class);
        JobStatus status = servers.awaitState(job.jobId(), JobState.SUCCEEDED);
        assertThat(status.images().getFirst().attempt()).isEqualTo(1);
    }

    @Test
    void allOfAPictureCanBeForgottenAndAllOfItKept() throws IOException {
        byte[] white = TestPictures.filled(SIZE, SIZE, SIZE);
        byte[] black = TestPictures.filled(SIZE, SIZE, 0);

        assertThat(repainted("one", 1, 1, white)).isEqualTo(repainted("one", 2, 1, white));
        assertThat(repainted("one", 1, 0.5, white)).isNotEqualTo(repainted("one", 2, 0.5, white));
        assertThat(repainted("one", 1, 1, black)).isEqualTo(repainted("another", 1, 1, black));
    }

    private static byte[] repainted(String prompt, long picture, double strength, byte[] mask) throws IOException {
        Source source =
                new Source(servers.upload(TestPictures.png(SIZE, SIZE, picture)), strength, servers.upload(mask));
        return picture(prompt, Servers.params(STEPS, 3, null, source));
    }

    @Test
    void aVariationLiesBetweenItsSeeds() throws IOException {
        byte[] seed = picture("an apple", Servers.params(STEPS, 3));
        byte[] other = picture("an apple", Servers.params(STEPS, 4));

        assertThat(picture("an apple", Servers.params(STEPS, 3, new Variation(4, 1), null)))
                .isEqualTo(other);
        assertThat(picture("an apple", Servers.params(STEPS, 3, new Variation(4, 0.5), null)))
                .isNotEqualTo(seed)
                .isNotEqualTo(other);
    }

    @Test
    void aJobWhosePictureIsGoneFailsWithThatReason() {
        Upload gone = new Upload("f".repeat(64), UUID.randomUUID(), SIZE, SIZE);

        PromptJob job = servers.submit("too late", 1, Servers.params(STEPS, 3, null, new Source(gone, 0.5, null)));

        assertThat(servers.awaitState(job.jobId(), JobState.FAILED).error())
                .contains("image: the upload " + gone.id() + " has been deleted");
    }

    @Test
    void aDenoiserThatLooksAtAMaskIsShownIt() throws Exception {
        Path folder = servers.config.worker().models().resolve("pipelines/inpainting");
        RgbImage image = RgbImage.of(ImageIO.read(folder.resolve("image.png").toFile()));
        RgbImage mask = RgbImage.of(ImageIO.read(folder.resolve("mask.png").toFile()));
        Optional<SampleRequest.Source> source = Optional.of(new SampleRequest.Source(image, 0.6, Optional.of(mask)));
        SamplingParams params = new SamplingParams("inpainting", 16, 16, 5, 3, "ddim", 3);
        SampleState sample;
        try (var side = Executors.newSingleThreadExecutor();
                Model model = Model.read(folder, Device.cpu(), DataType.FLOAT32, Engine.EAGER, side)) {
            assertThat(model.card().needs()).containsExactly("image", "mask");
            sample = model.start(params, source);
            while (!sample.done()) {
                var one = new DenoiserInput(
                        params,
                        model.encode("an apple", "").at(0),
                        sample.input(),
                        sample.timestep(),
                        false,
                        List.of());
                sample.advance(model.predict(List.of(one))[0]);
            }
        }
        var request = new SampleRequest(
                "an apple", "", Seeds.of(3), 5, Optional.of("ddim"), 3, 0, Geometry.ofImage(16, 16), 0, source);
        try (var pipeline = DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32)) {
            assertThat(sample.latents())
                    .isEqualTo(new Sampling(pipeline).run(request, step -> {}).latents());
        }
    }

    private static byte[] picture(String prompt, SamplingParams params) throws IOException {
        PromptJob job = servers.submit(prompt, 1, params);
        servers.awaitState(job.jobId(), JobState.SUCCEEDED);
        return rgb(servers.picture(job, 0));
    }

    private static byte[] rgb(byte[] png) throws IOException {
        return RgbImage.of(read(png)).rgb();
    }

    private static BufferedImage read(byte[] png) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(png));
    }
}
