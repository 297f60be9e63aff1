package io.ruido.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedKafkaTest {
    private static final Duration LOCK = Duration.ofSeconds(2);

    @TempDir
    Path folder;

    @Test
    void recordsAndWhatWasAcceptedOutliveAKilledBrokerAndAMovedPort() throws Exception {
        try (ServerJvm broker = ServerJvm.start("kafka", folder.toString())) {
            JobQueue.create(broker.answer(), LOCK);
            JobQueue.send(broker.answer(), "accepted before the kill");
            JobQueue.send(broker.answer(), "waiting");
            try (JobQueue queue = new JobQueue(broker.answer())) {
                queue.accept(queue.take());
            }
            broker.kill();
        }
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder, 0);
                JobQueue queue = new JobQueue(kafka.bootstrapServers())) {
            var record = queue.take();
            assertThat(record.value()).isEqualTo("waiting");
            queue.accept(record);
            JobQueue.send(kafka.bootstrapServers(), "new");
        }
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder, 0);
                JobQueue queue = new JobQueue(kafka.bootstrapServers())) {
            assertThat(queue.take().value()).isEqualTo("new");
        }
    }

    @Test
    void aRecordOfAVanishedConsumerIsDeliveredAgain() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder, 0)) {
            JobQueue.create(kafka.bootstrapServers(), LOCK);
            JobQueue.send(kafka.bootstrapServers(), "job");
            try (ServerJvm consumer = ServerJvm.start("consumer", kafka.bootstrapServers())) {
                assertThat(consumer.answer()).isEqualTo("job");
                consumer.kill();
            }
            try (JobQueue queue = new JobQueue(kafka.bootstrapServers())) {
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
            JobQueue.create(kafka.bootstrapServers(), LOCK);
            JobQueue.send(kafka.bootstrapServers(), "slow job");
            try (JobQueue holder = new JobQueue(kafka.bootstrapServers());
                    JobQueue rival = new JobQueue(kafka.bootstrapServers())) {
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
            assertThatThrownBy(() -> JobQueue.send(kafka.bootstrapServers(), "unknown", "x"))
                    .hasMessageContaining("unknown");
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
