package io.ruido.worker;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import io.ruido.job.Artifact;
import io.ruido.job.Geometry;
import io.ruido.job.JobEvent;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.ModelCard;
import io.ruido.job.Output;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingParams;
import io.ruido.job.Seeds;
import io.ruido.job.Source;
import io.ruido.job.Upload;
import io.ruido.model.Golden;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.Sampling;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.worker.models.Models;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clips of a model that requires a first frame and is conditioned on CLIP's states of it, as Wan 2.1 is. */
@Timeout(120)
class FirstFrameJobTest {
    private static final String MODEL = "first-frame";
    private static final Path GOLDEN = Golden.path("golden/wan-pipelines/image-2.1");
    private static final Geometry GEOMETRY = new Geometry(32, 16, 9);
    private static final double GUIDANCE = 2;
    private static final long SEED = 7;

    @TempDir
    private static Path folder;

    private static Servers servers;

    @BeforeAll
    static void startServers() throws IOException {
        servers = Servers.startWithCopy(folder, GOLDEN, MODEL);
    }

    @AfterAll
    static void stopServers() {
        servers.close();
    }

    @Test
    void anUploadBecomesTheFirstFrameAsWithoutAServer() throws IOException {
        byte[] image = image(1);
        try (Worker _ = servers.worker()) {
            PromptJob job = servers.submit("an apple that rolls", 1, params(4, source(image)));
            JobStatus done = servers.awaitState(job.jobId(), JobState.SUCCEEDED);

            String key = Artifact.thumbnailKey(done.images().getFirst().key());
            byte[] first = picture(servers.results.get(key).orElseThrow()).rgb();
            byte[] sampled = sampled(image).rgb();
            assertThat(first).hasSameSizeAs(sampled);
            assertThat(IntStream.range(0, first.length)
                            .map(i -> Math.abs((first[i] & 0xff) - (sampled[i] & 0xff)))
                            .max()
                            .orElseThrow())
                    .isLessThanOrEqualTo(1);
        }
    }

    private static RgbImage picture(byte[] png) throws IOException {
        return RgbImage.of(ImageIO.read(new ByteArrayInputStream(png)));
    }

    /** The clip's first frame, sampled without a server. */
    private static RgbImage sampled(byte[] image) throws IOException {
        var request = new SampleRequest(
                "an apple that rolls",
                "",
                new Seeds(SEED, null),
                4,
                Optional.of("unipc"),
                GUIDANCE,
                0,
                GEOMETRY,
                0,
                Optional.of(new SampleRequest.Source(picture(image), 1, Optional.empty())));
        try (DiffusionPipeline pipeline = DiffusionPipeline.read(GOLDEN, Device.cpu(), DataType.FLOAT32)) {
            return new Sampling(pipeline).run(request, step -> {}).frames().first();
        }
    }

    @Test
    void clipsOfSeveralImagesShareCallsAndAreTheSameAsAlone() throws IOException {
        List<Source> sources = List.of(source(image(1)), source(TestPictures.png(32, 16, 3)), source(image(1)));
        try (Worker _ = servers.worker()) {
            List<byte[]> alone = IntStream.range(0, sources.size())
                    .mapToObj(i -> clip(servers.submit("batched " + i, 1, params(4, sources.get(i)))))
                    .toList();
            List<PromptJob> jobs = IntStream.range(0, sources.size())
                    .mapToObj(i -> servers.submit("batched " + i, 1, params(4, sources.get(i))))
                    .toList();

            for (int i = 0; i < jobs.size(); i++) {
                assertThat(clip(jobs.get(i))).isEqualTo(alone.get(i));
            }
            assertThat(alone.get(1)).isNotEqualTo(alone.get(0));
        }
    }

    @Test
    void aClipOfAKilledWorkerGoesOnAtItsStepAndIsTheSame() throws Exception {
        Process process = servers.workerProcess();
        Source source = source(image(1));
        PromptJob job = servers.submit("killed", 1, params(80, source));
        List<JobEvent> events = servers.watch(job.jobId());
        Servers.awaitStep(events, 8);
        process.destroyForcibly().waitFor();
        try (Worker _ = servers.worker()) {
            byte[] resumed = clip(job);

            servers.assertResumed(events);
            assertThat(resumed).isEqualTo(clip(servers.submit("killed", 1, params(80, source))));
        }
    }

    @Test
    void aJobWithoutAnImageFailsAndSaysWhatItLacks() throws IOException {
        try (Worker _ = servers.worker()) {
            PromptJob job = servers.submit("nothing to begin with", 1, params(4, null));

            assertThat(servers.awaitState(job.jobId(), JobState.FAILED).error())
                    .contains("image is required: the model makes clips from a first frame");
        }
    }

    @Test
    void aModelsCardSaysThatItNeedsAnImage() throws IOException {
        try (Models models = Models.read(servers.config.worker())) {
            ModelCard card = models.get(MODEL).card();

            assertThat(card.needs()).containsExactly("image");
            assertThat(card.clips().fromImage()).isTrue();
        }
    }

    private static byte[] clip(PromptJob job) {
        servers.awaitState(job.jobId(), JobState.SUCCEEDED);
        try {
            return servers.picture(job, 0);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] image(int index) throws IOException {
        return Files.readAllBytes(GOLDEN.resolve("image%d.png".formatted(index)));
    }

    private static Source source(byte[] image) throws IOException {
        Upload upload = servers.upload(image);
        return new Source(upload, 1, null);
    }

    private static SamplingParams params(int steps, Source source) {
        return new SamplingParams(MODEL, GEOMETRY, steps, GUIDANCE, "unipc", SEED, null, source, Output.MP4);
    }
}
