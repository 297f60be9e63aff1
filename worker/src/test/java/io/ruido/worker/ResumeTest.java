package io.ruido.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ruido.job.JobEvent;
import io.ruido.job.JobState;
import io.ruido.job.PromptJob;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingParams;
import io.ruido.job.Source;
import io.ruido.s3.ResultStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An image that one worker began and another finished is, byte for byte, the one that a single worker makes. */
@Timeout(240)
class ResumeTest {
    private static final int STEPS = 250;

    private static Servers servers;

    @BeforeAll
    static void startServers(@TempDir Path folder) throws IOException {
        servers = Servers.start(folder);
    }

    @AfterAll
    static void stopServers() {
        servers.close();
    }

    @Test
    void theImageOfAStoppedWorkerGoesOnAtTheSameStep() throws Exception {
        PromptJob job;
        List<JobEvent> events;
        try (Worker _ = servers.worker()) {
            job = servers.submit("handed over", 1, STEPS, 3);
            events = awaitStep(job, 8);
        }
        int last = awaitFinish(job, events);
        assertThat(stepsOf(events, 2).getFirst()).isEqualTo(last);
    }

    @Test
    void theImageOfAProcessThatIsToldToEndGoesOnAtTheSameStep() throws Exception {
        Process process = servers.workerProcess();
        PromptJob job = servers.submit("preempted", 1, STEPS, 4);
        List<JobEvent> events = awaitStep(job, 8);
        process.destroy();
        assertThat(process.waitFor(25, TimeUnit.SECONDS)).isTrue();
        int last = awaitFinish(job, events);
        assertThat(stepsOf(events, 2).getFirst()).isEqualTo(last);
    }

    @Test
    void theImageOfAKilledWorkerLosesNoMoreStepsThanItMay() throws Exception {
        Process process = servers.workerProcess();
        PromptJob job = servers.submit("killed", 1, STEPS, 5);
        List<JobEvent> events = awaitStep(job, 8);
        process.destroyForcibly().waitFor();
        int last = awaitFinish(job, events);
        assertThat(stepsOf(events, 2).getFirst())
                .as("a step can be saved before it is reported")
                .isBetween(last - servers.config.worker().checkpointEvery(), last + 1);
    }

    /** Kafka would offer the image to each slot of the dead, count that as a failed delivery, and drop it after five. */
    @Test
    void theImageOfAKilledWorkerIsGivenToALivingOneThoughTheDeadOneHadManyIdleSlots() throws Exception {
        int slots = 24;
        Process process = servers.workerProcess(slots);
        PromptJob earlier = servers.submit("so that all slots have had an image", 3 * slots, 20, 6);
        servers.awaitState(earlier.jobId(), JobState.SUCCEEDED);
        PromptJob job = servers.submit("killed beside idle slots", 1, STEPS, 7);
        List<JobEvent> events = awaitStep(job, 8);
        try (Worker _ = servers.worker()) {
            process.destroyForcibly().waitFor();
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> !stepsOf(events, 2).isEmpty());
        }
    }

    @Test
    void aPartlyPaintedPictureGoesOnWithoutThosePicturesThatItIsMadeOf() throws Exception {
        byte[] image = TestPictures.png(48, 32, 1);
        byte[] mask = TestPictures.leftWhite(32, 32);
        Source source = new Source(servers.upload(image), 0.9, servers.upload(mask));
        PromptJob job;
        List<JobEvent> events;
        try (Worker _ = servers.worker()) {
            job = servers.submit("repainted", 1, Servers.params(STEPS, 6, null, source));
            events = awaitStep(job, 8);
        }
        servers.results.delete(ResultStore.key(source.image()));
        servers.results.delete(ResultStore.key(source.mask()));
        Source same = new Source(servers.upload(image), 0.9, servers.upload(mask));
        int last = awaitFinish(job, events, Servers.params(STEPS, 6, null, same));
        assertThat(stepsOf(events, 2).getFirst()).isEqualTo(last);
    }

    /** As a worker of another version leaves it behind, while versions run side by side. */
    @Test
    void anImageWhoseSavedStateIsOfAnotherVersionBeginsAnewAndIsTheSame() throws Exception {
        PromptJob job;
        List<JobEvent> events;
        try (Worker _ = servers.worker()) {
            job = servers.submit("of another version", 1, STEPS, 8);
            events = awaitStep(job, 8);
        }
        servers.changeCheckpoint(new SampleId(job.jobId(), 0), saved -> {
            ByteBuffer.wrap(saved).order(ByteOrder.LITTLE_ENDIAN).putInt(0, 99); // its version
            return saved;
        });
        awaitFinish(job, events);
        assertThat(stepsOf(events, 2).getFirst()).isEqualTo(1);
    }

    private static List<JobEvent> awaitStep(PromptJob job, int step) {
        List<JobEvent> events = servers.watch(job.jobId());
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> stepsOf(events, 1).stream().anyMatch(made -> made >= step));
        return events;
    }

    /** Lets a second worker finish the job, and compares its picture. */
    private static int awaitFinish(PromptJob job, List<JobEvent> events) throws IOException {
        return awaitFinish(job, events, job.params());
    }

    private static int awaitFinish(PromptJob job, List<JobEvent> events, SamplingParams params) throws IOException {
        try (Worker _ = servers.worker()) {
            servers.awaitState(job.jobId(), JobState.SUCCEEDED);
            PromptJob whole = servers.submit(job.prompt(), 1, params);
            servers.awaitState(whole.jobId(), JobState.SUCCEEDED);
            assertThat(servers.picture(job, 0)).isEqualTo(servers.picture(whole, 0));
        }
        await().until(() -> events.getLast().last());
        assertThat(stepsOf(events, 2).getLast()).isEqualTo(params.stepsMade());
        for (int i = 0; i < events.size(); i++) {
            assertThat(events.get(i).number()).isEqualTo(i + 1);
        }
        return stepsOf(events, 1).getLast();
    }

    /** Numbers of the steps that one attempt made. */
    private static List<Integer> stepsOf(List<JobEvent> events, int attempt) {
        List<JobEvent> seen = List.copyOf(events);
        int begin = claim(seen, attempt);
        int end = claim(seen, attempt + 1);
        return seen.subList(begin, end).stream()
                .filter(JobEvent.Step.class::isInstance)
                .map(event -> ((JobEvent.Step) event).step())
                .toList();
    }

    private static int claim(List<JobEvent> events, int attempt) {
        for (int i = 0; i < events.size(); i++) {
            if (events.get(i) instanceof JobEvent.Image image
                    && image.state() == JobState.SAMPLING
                    && image.attempt() == attempt) {
                return i;
            }
        }
        return events.size();
    }
}
