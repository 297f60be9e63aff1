package io.ruido.kafka;

import io.opentelemetry.context.Context;
import io.ruido.config.RuidoConfig.KafkaConfig;
import io.ruido.job.Job;
import io.ruido.job.JobJson;
import io.ruido.telemetry.Outage;
import io.ruido.telemetry.Trace;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Publishes jobs to their topics. A stage completes when all in-sync replicas have the record. */
public final class JobPublisher implements AutoCloseable {
    /** Header with the {@link JobJson#version} of the record; 1 when it is absent. */
    static final String VERSION_HEADER = "version";

    private final KafkaProducer<String, byte[]> producer;
    private final Outage outage = new Outage("Kafka");

    public JobPublisher(KafkaConfig config) {
        Map<String, Object> settings = KafkaClients.common(config);
        int timeout = (int) config.timeout().toMillis();
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        // A single job is sent at once; jobs that arrive meanwhile share the next request.
        settings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, timeout);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, timeout);
        this.producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
    }

    /**
     * Publishes a job with the current trace. It may block for the metadata of a topic that was not used before;
     * otherwise it returns at once.
     */
    public CompletionStage<Void> publish(Job job) {
        ProducerRecord<String, byte[]> message =
                new ProducerRecord<>(Topics.of(job), job.jobId().toString(), JobJson.writeBytes(job));
        message.headers()
                .add(VERSION_HEADER, String.valueOf(JobJson.version(job)).getBytes(StandardCharsets.UTF_8));
        Trace.parent(Context.current())
                .ifPresent(trace -> message.headers().add(Trace.HEADER, trace.getBytes(StandardCharsets.UTF_8)));
        return send(message);
    }

    /** Publishes jobs concurrently. The stage completes when all are published, and fails when one of them fails. */
    public CompletionStage<Void> publishAll(Collection<? extends Job> jobs) {
        return CompletableFuture.allOf(
                jobs.stream().map(job -> publish(job).toCompletableFuture()).toArray(CompletableFuture<?>[]::new));
    }

    /** Publishes a record again, with a new count of deliveries. */
    CompletionStage<Void> again(ConsumerRecord<String, byte[]> record) {
        return send(new ProducerRecord<>(record.topic(), null, record.key(), record.value(), record.headers()));
    }

    /**
     * Writes a record that cannot be processed to the dead-letter topic, with the reason in the header {@code error}.
     * If it is too large, only the reason is kept.
     */
    CompletionStage<Void> deadLetter(ConsumerRecord<String, byte[]> poison, String error) {
        byte[] value = poison.value() == null ? new byte[0] : poison.value();
        return send(letter(poison.key(), value, poison.topic(), error)).exceptionallyCompose(fault -> {
            if (!(fault instanceof RecordTooLargeException)) {
                return CompletableFuture.failedStage(fault);
            }
            String more = "%s; the record of %d bytes is too large to keep".formatted(error, value.length);
            return send(letter(null, new byte[0], poison.topic(), more));
        });
    }

    private static ProducerRecord<String, byte[]> letter(String key, byte[] value, String topic, String error) {
        ProducerRecord<String, byte[]> letter = new ProducerRecord<>(Topics.DEAD_LETTER, key, value);
        letter.headers()
                .add("error", error.getBytes(StandardCharsets.UTF_8))
                .add("topic", topic.getBytes(StandardCharsets.UTF_8));
        return letter;
    }

    private CompletionStage<Void> send(ProducerRecord<String, byte[]> message) {
        CompletableFuture<Void> sent = new CompletableFuture<>();
        producer.send(message, (metadata, error) -> {
            if (error == null) {
                outage.answered();
                sent.complete(null);
            } else {
                if (!(error instanceof RecordTooLargeException)) {
                    outage.failed(error);
                }
                sent.completeExceptionally(error);
            }
        });
        return sent;
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(2));
    }
}
