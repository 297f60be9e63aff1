package io.ruido.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ruido.image.ImageFile;
import io.ruido.job.Hires;
import io.ruido.job.JobEvent;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.Output;
import io.ruido.job.PromptJob;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingJob;
import io.ruido.job.SamplingParams;
import io.ruido.kafka.KafkaClients;
import io.ruido.kafka.Topics;
import io.ruido.redis.ClaimResult;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class WorkerTest {
    /** Steps that take seconds even with the tiny model. */
    private static final int LONG = 900;

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
    void aPromptBecomesPicturesAndItsEventsHaveNoGap() throws IOException {
        try (Worker _ = servers.worker()) {
            PromptJob job = servers.submit("a red apple", 2, 5, 7);
            List<JobEvent> events = servers.watch(job.jobId());
            servers.awaitState(job.jobId(), JobState.SUCCEEDED);
            await().until(() -> !events.isEmpty() && events.getLast().last());

            assertThat(events).extracting(JobEvent::number).containsExactlyElementsOf(numbersTo(events.size()));
            assertThat(states(events))
                    .startsWith(JobState.QUEUED, JobState.ENCODING, JobState.SAMPLING)
                    .endsWith(JobState.DECODING, JobState.SUCCEEDED);
            for (int index = 0; index < 2; index++) {
                assertThat(steps(events, index)).containsExactly(1, 2, 3, 4, 5);
                var picture = ImageIO.read(new ByteArrayInputStream(servers.picture(job, index)));
                assertThat(List.of(picture.getWidth(), picture.getHeight())).containsExactly(32, 32);
            }
            assertThat(servers.picture(job, 0)).isNotEqualTo(servers.picture(job, 1));
        }
    }

    @Test
    void aPictureCarriesItsParameters() throws IOException {
        try (Worker _ = servers.worker()) {
            PromptJob job = servers.submit("ein grüner Apfel 🍏", 1, 2, 5);
            servers.awaitState(job.jobId(), JobState.SUCCEEDED);
            assertThat(new String(servers.picture(job, 0), StandardCharsets.UTF_8))
                    .contains(
                            "ein grüner Apfel 🍏\nNegative prompt: \nSteps: 2, Sampler: ddim, CFG scale: 2.0, Seed: 5");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Output.Format.class,
            names = {"PNG", "JPEG", "WEBP"})
    void aPictureIsOfTheFormatThatTheJobNames(Output.Format format) throws IOException {
        try (Worker _ = servers.worker()) {
            SamplingParams params = Servers.params(2, 5);
            PromptJob job = servers.submit("an apple", 1, params.withOutput(new Output(format, 80)));
            JobStatus done = servers.awaitState(job.jobId(), JobState.SUCCEEDED);

            ImageFile picture = ImageFile.read("result", servers.picture(job, 0), 10_000);
            assertThat(picture.format().name()).isEqualTo(format.name());
            assertThat(picture.image().getWidth()).isEqualTo(32);
            assertThat(done.images().getFirst().key()).endsWith("/0." + format.label());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSecondPassMakesALargerPictureOfTheFirst(Hires.Upscaler upscaler) throws IOException {
        try (Worker _ = servers.worker()) {
            Hires hires = new Hires(64, 48, 6, 0.5, upscaler);
            PromptJob job = servers.submit(Servers.params(4, 5), hires);
            List<JobEvent> events = servers.watch(job.jobId());
            servers.awaitState(job.jobId(), JobState.SUCCEEDED);
            await().until(() -> !events.isEmpty() && events.getLast().last());
            PromptJob again = servers.submit(Servers.params(4, 5), hires);
            servers.awaitState(again.jobId(), JobState.SUCCEEDED);

            assertThat(steps(events, 0)).containsExactly(1, 2, 3, 4, 5, 6, 7);
            var picture = ImageIO.read(new ByteArrayInputStream(servers.picture(job, 0)));
            assertThat(List.of(picture.getWidth(), picture.getHeight())).containsExactly(64, 48);
            assertThat(servers.picture(again, 0)).isEqualTo(servers.picture(job, 0));
        }
    }

    @Test
    void aSeedGivesTheSameBytesWhateverElseRuns() throws IOException {
        byte[] alone;
        try (Worker _ = servers.worker()) {
            PromptJob job = servers.submit("a cat", 1, 8, 42);
            servers.awaitState(job.jobId(), JobState.SUCCEEDED);
            alone = servers.picture(job, 0);
        }
        try (Worker _ = servers.worker()) {
            List<PromptJob> others = LongStream.range(0, 3)
                    .mapToObj(seed -> servers.submit("other " + seed, 1, 20, seed))
                    .toList();
            PromptJob job = servers.submit("a cat", 1, 8, 42);
            servers.awaitState(job.jobId(), JobState.SUCCEEDED);
            assertThat(servers.picture(job, 0)).isEqualTo(alone);
            others.forEach(other -> servers.awaitState(other.jobId(), JobState.SUCCEEDED));
        }
    }

    @Test
    void aJobCancelledWhileItSamplesMakesNoFurtherStep() throws IOException {
        try (Worker _ = servers.worker()) {
            PromptJob job = servers.submit("a long one", 1, LONG, 1);
            List<JobEvent> events = servers.awaitFirstStep(job);
            servers.store.cancel(job.jobId()).toCompletableFuture().join();

            PromptJob next = servers.submit("the next one", 4, 2, 1);
            servers.awaitState(next.jobId(), JobState.SUCCEEDED);
            assertThat(events.getLast()).isInstanceOfSatisfying(JobEvent.State.class, last -> assertThat(last.state())
                    .isEqualTo(JobState.CANCELLED));
            assertThat(events).hasSizeLessThan(LONG);
        }
    }

    @Test
    void recordsOfAnImageThatIsInGoodHandsKeepNoSlot() throws IOException {
        try (Worker _ = servers.worker()) {
            PromptJob job = servers.submit("delivered again", 1, LONG, 1);
            servers.awaitFirstStep(job);
            SamplingJob again = job.fanOut(null).findFirst().orElseThrow();
            IntStream.range(0, 2 * servers.config.worker().slots()).forEach(_ -> servers.publish(again));
            PromptJob next = servers.submit("behind them", 1, 2, 1);
            servers.awaitState(next.jobId(), JobState.SUCCEEDED);
            JobStatus status = servers.status(job.jobId());
            assertThat(status.state()).isEqualTo(JobState.SAMPLING);
            assertThat(status.images().getFirst().attempt()).isEqualTo(1);
            servers.store.cancel(job.jobId()).toCompletableFuture().join();
        }
    }

    @Test
    void aJobForAnotherModelIsLeftToTheWorkersThatServeIt() throws IOException {
        try (Worker _ = servers.worker()) {
            PromptJob other =
                    servers.submit("elsewhere", 1, new SamplingParams(Servers.OTHER, 32, 32, 2, 2, "ddim", 1));
            PromptJob own = servers.submit("here", 1, 2, 1);
            servers.awaitState(own.jobId(), JobState.SUCCEEDED);
            assertThat(servers.status(other.jobId()).state()).isEqualTo(JobState.QUEUED);
        }
    }

    @Test
    void aJobCancelledWhileQueuedIsNeverRun() throws IOException {
        PromptJob job = servers.submit("never", 1, 2, 1);
        servers.store.cancel(job.jobId()).toCompletableFuture().join();
        try (Worker _ = servers.worker()) {
            PromptJob next = servers.submit("next", 1, 2, 1);
            servers.awaitState(next.jobId(), JobState.SUCCEEDED);
        }
        JobStatus status = servers.awaitState(job.jobId(), JobState.CANCELLED);
        assertThat(status.images().getFirst().attempt()).isZero();
    }

    @Test
    void aRecordThatIsNoJobFailsWithItsReasonAndIsKeptAsADeadLetter() throws IOException {
        PromptJob job = servers.record("poison", 1, 2, 1);
        String poison = "{\"type\":\"prompt\",\"count\":0}";
        send("no job's id", "{");
        send(null, "[]");
        send(job.jobId().toString(), poison);
        try (Worker _ = servers.worker()) {
            JobStatus status = servers.awaitState(job.jobId(), JobState.FAILED);
            assertThat(status.error()).contains("cannot be read as a job");
        }
        assertThat(deadLetters())
                .containsEntry(job.jobId().toString(), poison)
                .containsEntry("no job's id", "{")
                .containsEntry(null, "[]");
    }

    @Test
    void aStoppedWorkerHandsItsImageToTheNext() throws IOException {
        PromptJob job;
        try (Worker _ = servers.worker()) {
            job = servers.submit("handed over", 1, LONG, 3);
            servers.awaitFirstStep(job);
        }
        assertThat(servers.status(job.jobId()).images().getFirst().state()).isEqualTo(JobState.QUEUED);
        try (Worker _ = servers.worker()) {
            JobStatus status = servers.awaitState(job.jobId(), JobState.SUCCEEDED);
            assertThat(status.images().getFirst().attempt()).isEqualTo(2);
        }
    }

    @Test
    void aJobIsNotGivenUpHoweverManyWorkersAreToldToStop() throws IOException {
        PromptJob job = servers.submit("handed on and on", 1, LONG, 3);
        List<JobEvent> events = servers.watch(job.jobId());
        for (int attempt = 1; attempt <= 6; attempt++) {
            try (Worker _ = servers.worker()) {
                int begun = attempt;
                await().until(() -> events.stream()
                        .anyMatch(event -> event instanceof JobEvent.Image image
                                && image.state() == JobState.SAMPLING
                                && image.attempt() == begun));
            }
        }
        servers.store.cancel(job.jobId()).toCompletableFuture().join();
    }

    @Test
    void aWorkerThatLostItsImageTakesItUpAgainWhenNobodyElseMakesIt() throws IOException {
        try (Worker _ = servers.worker()) {
            PromptJob job = servers.submit("lost and found", 1, LONG, 3);
            servers.awaitFirstStep(job);
            SampleId image = new SampleId(job.jobId(), 0);
            await().until(() -> {
                servers.store.release(image, 1).toCompletableFuture().join();
                return servers.store
                                .claim(image, "one that dies")
                                .toCompletableFuture()
                                .join()
                        instanceof ClaimResult.Granted;
            });

            JobStatus status = servers.awaitState(job.jobId(), JobState.SUCCEEDED);
            assertThat(status.images().getFirst().attempt()).isEqualTo(3);
        }
    }

    @Test
    void aKilledWorkerLosesNothing() throws Exception {
        Process killed = servers.workerProcess();
        PromptJob job = servers.submit("survivor", 1, 600, 3);
        List<JobEvent> events = servers.watch(job.jobId());
        await().atMost(Duration.ofSeconds(60)).until(() -> events.stream().anyMatch(JobEvent.Step.class::isInstance));
        killed.destroyForcibly().waitFor();
        try (Worker _ = servers.worker()) {
            JobStatus status = servers.awaitState(job.jobId(), JobState.SUCCEEDED);
            assertThat(status.images().getFirst().attempt()).isEqualTo(2);
        }
    }

    @Test
    void jobsGoOnAfterRedisAndS3WereAway() throws Exception {
        try (Worker _ = servers.worker()) {
            PromptJob first = servers.submit("while S3 is away", 1, 30, 3);
            servers.restartS3(Duration.ofSeconds(3));
            servers.awaitState(first.jobId(), JobState.SUCCEEDED);

            PromptJob second = servers.submit("while Redis is away", 1, LONG, 3);
            List<JobEvent> events = servers.awaitFirstStep(second);
            servers.restartRedis(Duration.ofSeconds(1));
            servers.awaitState(second.jobId(), JobState.SUCCEEDED);
            await().until(() -> events.getLast().last());
            assertThat(events).extracting(JobEvent::number).containsExactlyElementsOf(numbersTo(events.size()));
        }
    }

    @Test
    void anImageThatS3RefusesWaitsUntilItDoesNot() throws Exception {
        try (Worker _ = servers.worker()) {
            servers.restartS3(Duration.ZERO, "another-secret");
            PromptJob job = servers.submit("refused", 1, 2, 3);
            servers.awaitState(job.jobId(), JobState.DECODING);
            Thread.sleep(1_000);
            assertThat(servers.status(job.jobId()).state()).isEqualTo(JobState.DECODING);
            servers.restartS3(Duration.ZERO);
            servers.awaitState(job.jobId(), JobState.SUCCEEDED);
        }
    }

    private static void send(String key, String value) {
        try (var producer = new KafkaProducer<>(kafka(), new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>(Topics.prompt(Servers.MODEL), key, value));
        }
    }

    private static Map<String, String> deadLetters() {
        TopicPartition letters = new TopicPartition(Topics.DEAD_LETTER, 0);
        try (var consumer = new KafkaConsumer<>(kafka(), new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(letters));
            consumer.seekToBeginning(List.of(letters));
            Map<String, String> values = new HashMap<>();
            await().until(() -> {
                consumer.poll(Duration.ofMillis(100)).forEach(letter -> values.put(letter.key(), letter.value()));
                return consumer.position(letters)
                        == consumer.endOffsets(List.of(letters)).get(letters);
            });
            return values;
        }
    }

    private static Map<String, Object> kafka() {
        return KafkaClients.common(servers.config.kafka());
    }

    private static List<Long> numbersTo(int last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    private static List<JobState> states(List<JobEvent> events) {
        return events.stream()
                .filter(JobEvent.State.class::isInstance)
                .map(event -> ((JobEvent.State) event).state())
                .toList();
    }

    private static List<Integer> steps(List<JobEvent> events, int index) {
        return events.stream()
                .filter(event -> event instanceof JobEvent.Step step && step.index() == index)
                .map(event -> ((JobEvent.Step) event).step())
                .toList();
    }
}
