package io.ruido.kafka;

import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A record that a consumer has acquired and not yet acknowledged. The consumer polls no other record meanwhile. */
final class AcquiredRecord {
    private static final Logger log = LoggerFactory.getLogger(AcquiredRecord.class);

    /** Well below the broker's record lock of 30 s. */
    static final Duration RENEW_EVERY = Duration.ofSeconds(10);

    private final KafkaShareConsumer<String, byte[]> consumer;
    private final ConsumerRecord<String, byte[]> record;
    private boolean held = true;

    AcquiredRecord(KafkaShareConsumer<String, byte[]> consumer, ConsumerRecord<String, byte[]> record) {
        this.consumer = consumer;
        this.record = record;
    }

    ConsumerRecord<String, byte[]> record() {
        return record;
    }

    /** Returns whether the broker still holds the lock, as far as is known. */
    boolean held() {
        return held;
    }

    /** Returns the number of deliveries, from 1. */
    int deliveries() {
        return record.deliveryCount().orElse((short) 1);
    }

    /**
     * Renews the lock. Poll must return a renewed record before it can be acknowledged. It does so at once after a
     * commit; without one, poll would return nothing repeatedly until the next fetch has sent the renewal.
     */
    void renew() {
        if (!held) {
            return;
        }
        consumer.acknowledge(record, AcknowledgeType.RENEW);
        boolean renewed = consumer.commitSync(RENEW_EVERY).values().stream().allMatch(Optional::isEmpty);
        long deadline = System.nanoTime() + RENEW_EVERY.toNanos();
        while (renewed && System.nanoTime() < deadline) {
            for (ConsumerRecord<String, byte[]> returned : consumer.poll(RENEW_EVERY)) {
                if (returned.offset() == record.offset() && returned.partition() == record.partition()) {
                    return;
                }
                consumer.acknowledge(returned, AcknowledgeType.RELEASE);
            }
        }
        held = false;
    }

    void settle(AcknowledgeType acknowledgement) {
        if (!held) {
            log.warn("job {}: lost the lock of its record, which may be redelivered", record.key());
            return;
        }
        consumer.acknowledge(record, acknowledgement);
        consumer.commitSync()
                .forEach((partition, error) -> error.ifPresent(e -> log.warn(
                        "job {}: cannot acknowledge the record in {} ({}); it will be redelivered, but the job is already done",
                        record.key(),
                        partition,
                        e.getMessage())));
    }
}
