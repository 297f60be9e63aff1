package io.ruido.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.common.errors.RetriableException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedKafkaTest {
    private static final Duration LOCK = Duration.ofSeconds(2);

    @TempDir
    Path folder;

    @Test
    void recordsAndWhatWasAcceptedOutliveAKilledBrokerAndAMovedPort() throws Exception {
        try (ServerJvm broker = ServerJvm.start("kafka", folder.toString())) {
            Map<String, Object> kafka = EmbeddedKafka.clientProperties(broker.answer(), folder);
            JobQueue.create(kafka, LOCK);
            JobQueue.send(kafka, "accepted before the kill");
            JobQueue.send(kafka, "waiting");
            try (JobQueue queue = new JobQueue(kafka)) {
                queue.accept(queue.take());
            }
            broker.kill();
        }
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder, 0);
                JobQueue queue = new JobQueue(kafka.clientProperties())) {
            var record = queue.take();
            assertThat(record.value()).isEqualTo("waiting");
            queue.accept(record);
            JobQueue.send(kafka.clientProperties(), "new");
        }
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder, 0);
                JobQueue queue = new JobQueue(kafka.clientProperties())) {
            assertThat(queue.take().value()).isEqualTo("new");
        }
    }

    @Test
    void aRecordOfAVanishedConsumerIsDeliveredAgain() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder, 0)) {
            JobQueue.create(kafka.clientProperties(), LOCK);
            JobQueue.send(kafka.clientProperties(), "job");
            try (ServerJvm consumer = ServerJvm.start("consumer", kafka.bootstrapServers(), folder.toString())) {
                assertThat(consumer.answer()).isEqualTo("job");
                consumer.kill();
            }
            try (JobQueue queue = new JobQueue(kafka.clientProperties())) {
                var again = queue.take();
                assertThat(again.value()).isEqualTo("job");
                assertThat(again.deliveryCount()).contains((short) 2);
                queue.accept(again);
            }
        }
    }

    @Test
    void aRenewedRecordStaysWithItsConsumerBeyondItsLock() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder, 0)) {
            JobQueue.create(kafka.clientProperties(), LOCK);
            JobQueue.send(kafka.clientProperties(), "slow job");
            try (JobQueue holder = new JobQueue(kafka.clientProperties());
                    JobQueue rival = new JobQueue(kafka.clientProperties())) {
                var held = holder.take();
                long end = System.nanoTime() + LOCK.multipliedBy(2).toNanos();
                while (System.nanoTime() < end) {
                    holder.acknowledge(held, AcknowledgeType.RENEW);
                    held = holder.take();
                    assertThat(rival.poll(Duration.ofMillis(200))).isEmpty();
                }
                assertThat(held.deliveryCount()).contains((short) 1);
                holder.accept(held);
            }
        }
    }

    @Test
    void producingDoesNotCreateATopic() {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder, 0)) {
            assertThatThrownBy(() -> JobQueue.send(kafka.clientProperties(), "unknown", "x"))
                    .hasMessageContaining("unknown");
        }
    }

    @Test
    void whoeverHasNoPasswordIsRefused() {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder, 0)) {
            Map<String, Object> guessed = new HashMap<>(kafka.clientProperties());
            guessed.computeIfPresent("sasl.jaas.config", (name, login) -> String.valueOf(login)
                    .replaceFirst("password=\"[^\"]*\"", "password=\"guessed\""));
            assertThatThrownBy(() -> JobQueue.create(guessed, LOCK)).hasMessageContaining("Authentication failed");
            Map<String, Object> plain = Map.of(
                    "bootstrap.servers",
                    kafka.bootstrapServers(),
                    "default.api.timeout.ms",
                    2_000,
                    "request.timeout.ms",
                    1_000);
            assertThatThrownBy(() -> JobQueue.create(plain, LOCK)).hasCauseInstanceOf(RetriableException.class);
        }
    }

    @Test
    void aTakenPortIsNamed() throws Exception {
        try (var taken = Loopback.bind("test", 0)) {
            int port = taken.socket().getLocalPort();
            assertThatThrownBy(() -> EmbeddedKafka.start(folder, port))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("port " + port);
        }
    }
}
