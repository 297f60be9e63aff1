package io.ruido.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ruido.clip.AnimatedWebp;
import io.ruido.clip.ClipFormat;
import io.ruido.clip.ClipReader;
import io.ruido.job.Artifact;
import io.ruido.job.Geometry;
import io.ruido.job.JobEvent;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.ModelCard;
import io.ruido.job.Output;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingParams;
import io.ruido.model.Golden;
import io.ruido.worker.models.Models;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clips are jobs like any other. */
@Timeout(120)
class ClipJobTest {
    private static final String MODEL = "clips";
    private static final int STEPS = 80;

    @TempDir
    private static Path folder;

    private static Servers servers;

    @BeforeAll
    static void startServers() throws IOException {
        servers = Servers.startWithCopy(folder, Golden.path("golden/wan-pipelines/text-2.1"), MODEL);
    }

    @AfterAll
    static void stopServers() {
        servers.close();
    }

    @ParameterizedTest
    @EnumSource(ClipFormat.class)
    void aPromptBecomesAClipOfTheFormatThatTheJobNames(ClipFormat format) throws IOException {
        Output output = new Output(format.output(), Output.DEFAULT_QUALITY, 10.0);
        try (Worker _ = servers.worker()) {
            PromptJob job = servers.submit("an apple that rolls", 1, params(3, output));
            JobStatus done = servers.awaitState(job.jobId(), JobState.SUCCEEDED);

            ClipReader.Clip clip = ClipReader.read(servers.picture(job, 0), format, folder);
            assertThat(clip.frames()).hasSize(9);
            assertThat(List.of(clip.width(), clip.height())).containsExactly(32, 16);
            assertThat(clip.framesPerSecond()).isCloseTo(10, within(0.2)); // WebP counts whole milliseconds
            assertThat(done.images().getFirst().key())
                    .endsWith("/0." + format.output().label());
        }
    }

    @Test
    void aClipHasAThumbnailBesideItAndPreviewsThatMove() throws IOException {
        try (Worker _ = servers.worker()) {
            PromptJob job = servers.submit("a pear that rolls", 1, params(3, Output.MP4));
            List<JobEvent> events = servers.watch(job.jobId());
            JobStatus done = servers.awaitState(job.jobId(), JobState.SUCCEEDED);

            String key = Artifact.thumbnailKey(done.images().getFirst().key());
            BufferedImage thumbnail = ImageIO.read(
                    new ByteArrayInputStream(servers.results.get(key).orElseThrow()));
            assertThat(List.of(thumbnail.getWidth(), thumbnail.getHeight())).containsExactly(32, 16);
            String preview = events.stream()
                    .filter(JobEvent.Step.class::isInstance)
                    .map(event -> ((JobEvent.Step) event).preview())
                    .reduce((_, last) -> last)
                    .orElseThrow();
            assertThat(preview).startsWith("data:image/webp;base64,");
            byte[] webp = Base64.getDecoder().decode(preview.substring(preview.indexOf(',') + 1));
            assertThat(AnimatedWebp.isAnimated(webp)).isTrue();
        }
    }

    @Test
    void aClipOfAKilledWorkerGoesOnAtItsStepAndIsTheSame() throws Exception {
        Process process = servers.workerProcess();
        PromptJob job = servers.submit("killed", 1, params(STEPS, Output.MP4));
        List<JobEvent> events = servers.watch(job.jobId());
        Servers.awaitStep(events, 8);
        process.destroyForcibly().waitFor();
        try (Worker _ = servers.worker()) {
            servers.awaitState(job.jobId(), JobState.SUCCEEDED);
            PromptJob whole = servers.submit("killed", 1, params(STEPS, Output.MP4));
            servers.awaitState(whole.jobId(), JobState.SUCCEEDED);

            servers.assertResumed(events);
            assertThat(servers.picture(job, 0)).isEqualTo(servers.picture(whole, 0));
        }
    }

    @Test
    void aModelsCardSaysWhatClipsItMakes() throws IOException {
        try (Models models = Models.read(servers.config.worker())) {
            ModelCard.Clips clips = models.get(MODEL).card().clips();

            assertThat(clips).isEqualTo(new ModelCard.Clips(4, 2L * 832 * 480 * 81, 16, false));
        }
    }

    private static SamplingParams params(int steps, Output output) {
        return new SamplingParams(MODEL, new Geometry(32, 16, 9), steps, 2, "unipc", 7, null, null, output);
    }
}
