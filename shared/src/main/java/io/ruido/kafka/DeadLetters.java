package io.ruido.kafka;

import io.ruido.config.RuidoConfig.KafkaConfig;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Reads the dead-letter topic, without removing anything. */
public final class DeadLetters {
    private static final Duration POLL = Duration.ofMillis(200);

    /** The time after which reading fails when no further record arrives. */
    private static final Duration MAX_SILENCE = Duration.ofSeconds(30);

    private DeadLetters() {}

    /**
     * Returns all dead letters, the oldest first.
     *
     * @throws org.apache.kafka.common.KafkaException when Kafka does not answer
     */
    public static List<DeadLetter> read(KafkaConfig config) {
        try (var consumer = new KafkaConsumer<>(
                KafkaClients.common(config), new StringDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(Topics.DEAD_LETTER).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<DeadLetter> letters = new ArrayList<>();
            long answered = System.nanoTime();
            while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
                ConsumerRecords<String, byte[]> some = consumer.poll(POLL);
                some.forEach(letter -> letters.add(read(letter)));
                if (!some.isEmpty()) {
                    answered = System.nanoTime();
                } else if (System.nanoTime() - answered > MAX_SILENCE.toNanos()) {
                    throw new TimeoutException(
                            "no dead letter from Kafka within %d s".formatted(MAX_SILENCE.toSeconds()));
                }
            }
            letters.sort(Comparator.comparing(DeadLetter::at).thenComparing(DeadLetter::id));
            return letters;
        }
    }

    private static DeadLetter read(ConsumerRecord<String, byte[]> letter) {
        return new DeadLetter(
                letter.partition() + "-" + letter.offset(),
                Instant.ofEpochMilli(letter.timestamp()),
                letter.key(),
                header(letter, "topic"),
                header(letter, "error"),
                letter.value());
    }

    private static String header(ConsumerRecord<String, byte[]> letter, String name) {
        Header header = letter.headers().lastHeader(name);
        return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
    }
}
