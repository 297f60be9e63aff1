package io.ruido.embedded;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** One member of a share group on one topic, taking a record at a time. */
final class JobQueue implements AutoCloseable {
    private static final String TOPIC = "jobs";
    private static final String GROUP = "workers";
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final KafkaShareConsumer<String, String> consumer;

    /** @param kafka how clients reach it */
    JobQueue(Map<String, Object> kafka) {
        Map<String, Object> settings = new HashMap<>(kafka);
        settings.putAll(Map.of(
                "group.id", GROUP,
                "max.poll.records", "1",
                "share.acquire.mode", "record_limit",
                "share.acknowledgement.mode", "explicit"));
        consumer = new KafkaShareConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
        consumer.subscribe(List.of(TOPIC));
    }

    static void create(Map<String, Object> kafka, Duration lock) throws Exception {
        try (Admin admin = Admin.create(kafka)) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.GROUP, GROUP),
                            List.of(
                                    set("share.auto.offset.reset", "earliest"),
                                    set("share.record.lock.duration.ms", String.valueOf(lock.toMillis())))))
                    .all()
                    .get();
        }
    }

    static void send(Map<String, Object> kafka, String topic, String value) throws Exception {
        Map<String, Object> settings = new HashMap<>(kafka);
        settings.putAll(Map.of("linger.ms", "0", "max.block.ms", "3000"));
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>(topic, value)).get();
        }
    }

    static void send(Map<String, Object> kafka, String value) throws Exception {
        send(kafka, TOPIC, value);
    }

    ConsumerRecord<String, String> take() {
        long end = System.nanoTime() + TIMEOUT.toNanos();
        while (System.nanoTime() < end) {
            Optional<ConsumerRecord<String, String>> record = poll(Duration.ofMillis(500));
            if (record.isPresent()) {
                return record.get();
            }
        }
        throw new AssertionError("no record within " + TIMEOUT);
    }

    Optional<ConsumerRecord<String, String>> poll(Duration timeout) {
        var records = consumer.poll(timeout).iterator();
        return records.hasNext() ? Optional.of(records.next()) : Optional.empty();
    }

    void acknowledge(ConsumerRecord<String, String> record, AcknowledgeType type) {
        consumer.acknowledge(record, type);
    }

    void accept(ConsumerRecord<String, String> record) {
        consumer.acknowledge(record, AcknowledgeType.ACCEPT);
        consumer.commitSync()
                .values()
                .forEach(error -> error.ifPresent(e -> {
                    throw e;
                }));
    }

    @Override
    public void close() {
        consumer.close();
    }

    private static AlterConfigOp set(String name, String value) {
        return new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
    }
}
