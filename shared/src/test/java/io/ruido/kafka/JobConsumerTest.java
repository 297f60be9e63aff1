package io.ruido.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.uuid.Generators;
import io.ruido.config.RuidoConfig;
import io.ruido.config.RuidoConfig.KafkaConfig;
import io.ruido.embedded.EmbeddedKafka;
import io.ruido.job.Job;
import io.ruido.job.JobJson;
import io.ruido.job.Priority;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingParams;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobConsumerTest {
    private static final SamplingParams PARAMS = new SamplingParams("apples", 64, 64, 4, 2, "ddim", 7);

    private static final String QUEUE = Topics.prompt(PARAMS.model());

    private static EmbeddedKafka server;
    private static KafkaConfig kafka;
    private static JobPublisher publisher;

    private final Lock turn = new ReentrantLock();
    private final Queue<UUID> handled = new ConcurrentLinkedQueue<>();
    private final Queue<String> undeliverable = new ConcurrentLinkedQueue<>();

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        Awaitility.setDefaultTimeout(Duration.ofMinutes(1)); // outlasts a busy machine
        server = EmbeddedKafka.start(folder, 0);
        kafka = RuidoConfig.load(server.settings(), Map.of(), Optional.empty()).kafka();
        Topics.create(kafka, List.of(PARAMS.model()));
        publisher = new JobPublisher(kafka);
    }

    @AfterAll
    static void stop() {
        publisher.close();
        server.close();
    }

    @Test
    void aJobThatFailsEachTimeIsGivenUpWithTheReasonAndKeptBefore() {
        UUID job = published();
        Queue<String> letters = new ConcurrentLinkedQueue<>();
        BiConsumer<String, String> keptAsLetter = (id, reason) -> {
            DeadLetters.read(kafka).stream().map(DeadLetter::error).forEach(letters::add);
            undeliverable.add(reason);
        };
        try (JobConsumer _ = slot(this::fail, keptAsLetter)) {
            await().until(() -> !undeliverable.isEmpty());
        }
        assertThat(handled).containsExactly(job, job, job, job);
        String reason = "java.lang.IllegalStateException: no memory, 4 times";
        assertThat(undeliverable).containsExactly(reason);
        assertThat(letters).as("kept before anybody is told").contains(reason);
    }

    @Test
    void aJobThatAsManyWorkersBeganWithIsGivenUp() {
        UUID job = deliveredInVain();
        handled.addAll(Collections.nCopies(4, job));
        try (JobConsumer _ = slot(this::accept, (id, reason) -> undeliverable.add(reason))) {
            await().until(() -> !undeliverable.isEmpty());
        }
        assertThat(undeliverable).containsExactly("given up after 4 workers failed with it");
        assertThat(handled).as("not handled once more").hasSize(4);
    }

    @Test
    void aJobThatWasDeliveredOftenButNeverFailedIsNotGivenUp() {
        UUID job = deliveredInVain();
        try (JobConsumer _ = slot(this::accept, (id, reason) -> undeliverable.add(reason))) {
            await().until(() -> handled.contains(job));
        }
        assertThat(undeliverable).isEmpty();
    }

    /** While two versions run side by side: the job is the newer worker's, and nobody fails it. */
    @Test
    void aJobOfALaterVersionIsLeftToANewerWorker() {
        UUID job = Generators.timeBasedEpochGenerator().generate();
        ProducerRecord<String, byte[]> later = new ProducerRecord<>(
                QUEUE, job.toString(), "{\"type\": \"prompt\", \"brush\": 7}".getBytes(StandardCharsets.UTF_8));
        later.headers().add("version", String.valueOf(JobJson.VERSION + 1).getBytes(StandardCharsets.UTF_8));
        try (JobConsumer _ = slot(this::accept, (id, reason) -> undeliverable.add(reason));
                KafkaProducer<String, byte[]> newer = new KafkaProducer<>(
                        KafkaClients.common(kafka), new StringSerializer(), new ByteArraySerializer())) {
            newer.send(later);
            newer.flush();
            UUID own = published();
            await().until(() -> handled.contains(own));
        }
        assertThat(undeliverable).isEmpty();
        assertThat(handled).doesNotContain(job);

        Queue<ConsumerRecord<String, byte[]>> records = new ConcurrentLinkedQueue<>();
        try (KafkaShareConsumer<String, byte[]> newer = consumer()) {
            newer.subscribe(List.of(QUEUE));
            await().until(() -> {
                newer.poll(Duration.ofMillis(500)).forEach(record -> {
                    newer.acknowledge(record, AcknowledgeType.ACCEPT);
                    records.add(record);
                });
                return records.stream().anyMatch(record -> record.key().equals(job.toString()));
            });
            newer.commitSync();
        }
    }

    @Test
    void whatOthersPutOnAQueueIsKeptAsALetterOnceAndHoldsNoJobUp() {
        int letters = DeadLetters.read(kafka).size();
        List<ProducerRecord<String, byte[]>> garbage = Stream.of(
                        "",
                        "null",
                        "\0\uffff",
                        "[".repeat(100_000),
                        "{\"type\": \"order\", \"total\": 7}",
                        "{\"type\": \"prompt\", \"count\": 1e400}",
                        "{\"type\": \"prompt\", \"count\": " + "9".repeat(100_000) + "}",
                        "x".repeat(1_040_000),
                        "x".repeat(1_048_400))
                .map(text -> new ProducerRecord<String, byte[]>(QUEUE, text.getBytes(StandardCharsets.UTF_8)))
                .collect(Collectors.toCollection(ArrayList::new));
        garbage.add(new ProducerRecord<>(QUEUE, null));
        garbage.add(new ProducerRecord<>(QUEUE, "k".repeat(1_000_000), new byte[0]));
        garbage.add(withVersion("latest".getBytes(StandardCharsets.UTF_8)));
        garbage.add(withVersion("9".repeat(100).getBytes(StandardCharsets.UTF_8)));
        garbage.add(withVersion(null));
        Map<String, Object> settings = KafkaClients.common(kafka);
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, 2_000_000);
        try (JobConsumer _ = slot(this::accept, (id, reason) -> undeliverable.add(reason));
                KafkaProducer<String, byte[]> others =
                        new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
            for (ProducerRecord<String, byte[]> record : garbage) {
                assertThat(others.send(record)).succeedsWithin(Duration.ofMinutes(1));
            }
            UUID own = published();
            await().until(() -> handled.contains(own));
        }
        assertThat(undeliverable).hasSameSizeAs(garbage).allSatisfy(reason -> assertThat(reason)
                .startsWith("cannot be read as a job")
                .hasSizeLessThan(1_000));
        assertThat(DeadLetters.read(kafka)).hasSize(letters + garbage.size());
    }

    private static ProducerRecord<String, byte[]> withVersion(byte[] version) {
        ProducerRecord<String, byte[]> record = new ProducerRecord<>(QUEUE, new byte[0]);
        record.headers().add(JobPublisher.VERSION_HEADER, version);
        return record;
    }

    @Test
    void aFieldThatThisVersionDoesNotKnowIsSkipped() {
        PromptJob job = new PromptJob(
                Generators.timeBasedEpochGenerator().generate(),
                "an apple",
                "",
                1,
                PARAMS,
                Priority.INTERACTIVE,
                Instant.parse("2026-01-01T00:00:00Z"));
        String later = JobJson.write(job).replaceFirst("\\{", "{\"label\": \"of a later version\", ");
        assertThat(JobJson.read(later, Job.class)).isEqualTo(job);
    }

    private static UUID deliveredInVain() {
        UUID job = published();
        for (int delivery = 1; delivery <= 4; delivery++) {
            deliverInVain();
        }
        return job;
    }

    private static KafkaShareConsumer<String, byte[]> consumer() {
        Map<String, Object> settings = KafkaClients.common(kafka);
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, QUEUE);
        settings.put(ConsumerConfig.SHARE_ACKNOWLEDGEMENT_MODE_CONFIG, "explicit");
        return new KafkaShareConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
    }

    /** As the broker does to the slots of a killed worker. */
    private static void deliverInVain() {
        try (KafkaShareConsumer<String, byte[]> consumer = consumer()) {
            consumer.subscribe(List.of(QUEUE));
            await().until(() -> {
                var records = consumer.poll(Duration.ofMillis(500));
                records.forEach(record -> consumer.acknowledge(record, AcknowledgeType.RELEASE));
                return !records.isEmpty();
            });
        }
    }

    @Test
    void aSlotThatStartedOverTakesNothingOnceItHasStopped() throws Exception {
        UUID job = published();
        JobConsumer slot = slot(
                taken -> {
                    undeliverable.add(taken.jobId().toString());
                    return new Acknowledgement.Reject("because");
                },
                (id, reason) -> {
                    throw new IllegalStateException("a server is away");
                });
        await().until(() -> !undeliverable.isEmpty());
        try (JobConsumer _ = slot(this::accept, (id, reason) -> {})) {
            await().until(() -> handled.contains(job));
        }
        Thread.sleep(2_000); // It starts over in the meantime, and finds nothing to do.
        undeliverable.clear();

        slot.stop();
        slot.awaitStopped();
        UUID next = published();
        slot.close();

        assertThat(undeliverable).isEmpty();
        try (JobConsumer _ = slot(this::accept, (id, reason) -> {})) {
            await().until(() -> handled.contains(next));
        }
    }

    /** Also on a machine with two processors, where two virtual threads that spin in poll would stop all others. */
    @Test
    void manySlotsThatStartTogetherAllTakeJobs() {
        int count = 48;
        CountDownLatch taken = new CountDownLatch(count);
        List<UUID> jobs =
                Stream.generate(JobConsumerTest::published).limit(count).toList();
        List<JobConsumer> slots = Stream.generate(() -> slot(
                        job -> {
                            taken.countDown();
                            taken.await();
                            return accept(job);
                        },
                        (id, reason) -> {}))
                .limit(count)
                .toList();
        await().until(() -> handled.containsAll(jobs));
        slots.forEach(JobConsumer::stop);
        slots.forEach(JobConsumer::close);
    }

    @Test
    void aQueueOfSeveralPartitionsIsRefusedByName() throws Exception {
        try (Admin admin = Admin.create(KafkaClients.common(kafka))) {
            admin.createTopics(List.of(new NewTopic(Topics.sampling("pears"), 3, (short) 1)))
                    .all()
                    .get();
        }
        assertThatThrownBy(() -> Topics.create(kafka, List.of("pears")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("ruido.sampling.pears has 3 partitions");
    }

    private Acknowledgement accept(Job job) {
        handled.add(job.jobId());
        return new Acknowledgement.Accept();
    }

    private Acknowledgement fail(Job job) {
        handled.add(job.jobId());
        throw new IllegalStateException("no memory");
    }

    private JobConsumer slot(JobConsumer.Handler handler, BiConsumer<String, String> onUndeliverable) {
        JobConsumer.Undeliverable told = new JobConsumer.Undeliverable() {
            @Override
            public int begun(Job job) {
                return handled.size();
            }

            @Override
            public void onUndeliverable(String jobId, String reason) {
                onUndeliverable.accept(jobId, reason);
            }
        };
        return new JobConsumer(kafka, QUEUE, turn, publisher, handler, told);
    }

    private static UUID published() {
        UUID id = Generators.timeBasedEpochGenerator().generate();
        publisher
                .publish(new PromptJob(id, "an apple", "", 1, PARAMS, Priority.INTERACTIVE, Instant.now()))
                .toCompletableFuture()
                .join();
        return id;
    }
}
