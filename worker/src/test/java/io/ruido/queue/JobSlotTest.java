package io.ruido.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.config.RuidoConfig;
import io.ruido.embedded.EmbeddedKafka;
import io.ruido.job.Job;
import io.ruido.job.Priority;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingParams;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class JobSlotTest {
    private static final int DELIVERIES = 4;
    private static final PromptJob JOB = new PromptJob(
            new UUID(0, 7),
            "a red apple",
            "",
            1,
            new SamplingParams("apples", 64, 64, 20, 4.5, "ddim", 7),
            Priority.BATCH,
            Instant.EPOCH);

    @TempDir
    Path folder;

    private EmbeddedKafka kafka;
    private RuidoConfig config;
    private JobPublisher publisher;
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    @BeforeEach
    void deliverOftenWithoutUse() throws Exception {
        kafka = EmbeddedKafka.start(folder, 0);
        config = RuidoConfig.load(
                Map.of("ruido.kafka.bootstrap-servers", kafka.bootstrapServers()), Map.of(), Optional.empty());
        Topics.create(config.kafka(), List.of());
        publisher = new JobPublisher(config.kafka());
        publisher.publish(JOB).toCompletableFuture().get(30, TimeUnit.SECONDS);
        try (var consumer = new KafkaShareConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        kafka.bootstrapServers(),
                        "group.id",
                        Topics.PROMPT_GROUP,
                        "share.acknowledgement.mode",
                        "explicit"),
                new StringDeserializer(),
                new StringDeserializer())) {
            consumer.subscribe(List.of(Topics.PROMPT));
            for (int deliveries = 0; deliveries < DELIVERIES; ) {
                for (var delivered : consumer.poll(Duration.ofMillis(500))) {
                    consumer.acknowledge(delivered, AcknowledgeType.RELEASE);
                    deliveries++;
                }
                consumer.commitSync();
            }
        }
    }

    @AfterEach
    void close() {
        publisher.close();
        kafka.close();
    }

    @Test
    void aRecordWhoseDeliveriesCameToNoWorkerIsHandled() throws Exception {
        try (JobSlot _ = slot(0)) {
            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("handled");
        }
    }

    @Test
    void aRecordThatAsManyWorkersBeganWithIsGivenUp() throws Exception {
        try (JobSlot _ = slot(DELIVERIES)) {
            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("given up after 4 workers failed with it");
        }
    }

    private JobSlot slot(int begun) {
        return new JobSlot(
                config.kafka(),
                Topics.PROMPT_GROUP,
                List.of(Topics.PROMPT),
                publisher,
                job -> {
                    told.add("handled");
                    return new Verdict.Accept();
                },
                new JobSlot.Undeliverable() {
                    @Override
                    public int begun(Job job) {
                        return begun;
                    }

                    @Override
                    public void onUndeliverable(String jobId, String reason) {
                        told.add(reason);
                    }
                });
    }
}
