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

/** Puts jobs on their queue. A stage completes when all in-sync replicas have the record. */
public final class JobPublisher implements AutoCloseable {
    /** {@link JobJson#version} of the record; 1 where there is none. */
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
     * May block for the metadata of a topic that was not used before; otherwise returns at once. The current trace goes
     * with the job.
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

    /** All on their way at once; completes when the last is there, and fails when one of them does. */
    public CompletionStage<Void> publishAll(Collection<? extends Job> jobs) {
        return CompletableFuture.allOf(
                jobs.stream().map(job -> publish(job).toCompletableFuture()).toArray(CompletableFuture<?>[]::new));
    }

    /** Puts a record on its queue once more, as one that was never delivered. */
    CompletionStage<Void> again(ConsumerRecord<String, byte[]> record) {
        return send(new ProducerRecord<>(record.topic(), null, record.key(), record.value(), record.headers()));
    }

    /**
     * Keeps a record that cannot be processed, with the reason in the header {@code error}. Of one that is too large
     * with it only the reason is kept.
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
