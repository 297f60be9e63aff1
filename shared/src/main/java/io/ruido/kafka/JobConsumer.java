package io.ruido.kafka;

import io.opentelemetry.context.Context;
import io.ruido.config.RuidoConfig.KafkaConfig;
import io.ruido.job.InvalidFieldException;
import io.ruido.job.Job;
import io.ruido.job.JobJson;
import io.ruido.telemetry.Trace;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * A slot: a share consumer (KIP-932) that takes one record at a time, renews its lock while the handler works, and then
 * acknowledges it. Delivery is at least once: after a crash another slot gets the record, and in rare cases an accepted
 * record is delivered again.
 */
public final class JobConsumer implements AutoCloseable {
    /** The key of the job's id in the logging context. */
    public static final String JOB_ID = "jobId";

    private static final Logger log = LoggerFactory.getLogger(JobConsumer.class);

    /** Below the broker's limit of five, after which it would drop the record silently. */
    private static final int MAX_DELIVERIES = 4;

    /**
     * A long time, because a poll that begins just as the response to an earlier fetch arrives makes Kafka's client
     * fetch again. The second record would wait until the first one is done, or its lock expires.
     */
    private static final Duration POLL = Duration.ofHours(1);

    /** The time between two deliveries of a record of a newer version when there are only older workers. */
    private static final Duration NEWER_TAKES_IT_WITHIN = Duration.ofSeconds(1);

    private static final int LONGEST_ID = 36;

    private static final Duration STOP_AT_MOST = Duration.ofSeconds(5);

    /** The time for leaving the group; an unreachable broker removes the member by itself. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    /** Processes a record, on a virtual thread and in the job's trace. It may block for any time. */
    @FunctionalInterface
    public interface Handler {
        /** @throws Exception when a retry may succeed: the record is delivered again, a few times at most */
        Acknowledgement handle(Job job) throws Exception;
    }

    /** Handles records that are delivered repeatedly. */
    public interface Undeliverable {
        /** Returns how often workers have started a record's job without returning it. */
        int begun(Job job);

        /** Called once a record that will not be delivered again is on the dead-letter topic. */
        void onUndeliverable(String jobId, String reason);
    }

    private final Map<String, Object> settings;
    private final String queue;
    private final Lock turn;
    private final JobPublisher publisher;
    private final Handler handler;
    private final Undeliverable undeliverable;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Thread thread;
    private volatile boolean closing;

    /** Whether Kafka may deliver a record to this consumer, now or with a fetch in progress. */
    private boolean taking = true;

    private KafkaShareConsumer<String, byte[]> consumer;

    /**
     * Opens the slots of this process for a queue. They start to take records at once.
     *
     * @param queue the topic
     */
    public static List<JobConsumer> open(
            KafkaConfig config,
            String queue,
            int count,
            JobPublisher publisher,
            Handler handler,
            Undeliverable undeliverable) {
        Lock turn = new ReentrantLock();
        return Stream.generate(() -> new JobConsumer(config, queue, turn, publisher, handler, undeliverable))
                .limit(count)
                .toList();
    }

    /** @param turn shared by the slots of a process for a queue */
    JobConsumer(
            KafkaConfig config,
            String queue,
            Lock turn,
            JobPublisher publisher,
            Handler handler,
            Undeliverable undeliverable) {
        this.settings = KafkaClients.common(config);
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, queue);
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
        // It waits for its turn to poll. Kafka's client warns of a connection that may be closed before.
        settings.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, Integer.MAX_VALUE);
        settings.put(ConsumerConfig.CONNECTIONS_MAX_IDLE_MS_CONFIG, (long) Integer.MAX_VALUE);
        settings.put(ConsumerConfig.SHARE_ACQUIRE_MODE_CONFIG, "record_limit");
        settings.put(ConsumerConfig.SHARE_ACKNOWLEDGEMENT_MODE_CONFIG, "explicit");
        this.queue = queue;
        this.turn = turn;
        this.publisher = publisher;
        this.handler = handler;
        this.undeliverable = undeliverable;
        // Not a virtual thread: poll spins while the consumer's own thread does not get on. On two processors
        // two that do so would keep all other virtual threads from running, also the one it waits for.
        thread = Thread.ofPlatform().name("slot").start(this::run);
    }

    /**
     * Runs the slot. After any failure it restarts with a new consumer, and the broker redelivers the record of the old
     * one.
     */
    private void run() {
        while (!closing) {
            try {
                consumer = new KafkaShareConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
                consume();
            } catch (WakeupException e) {
                break; // The slot was stopped.
            } catch (RuntimeException e) {
                log.warn("a slot of {} failed; restarting it in a second", queue, e);
                pause(Duration.ofSeconds(1));
            }
        }
        endTaking();
    }

    private void consume() {
        boolean fresh = true;
        try {
            consumer.subscribe(List.of(queue));
            while (beginTaking()) {
                ConsumerRecords<String, byte[]> records = fresh ? poll() : pollInTurn();
                fresh = false;
                for (ConsumerRecord<String, byte[]> delivered : records) {
                    if (!endTaking()) {
                        return; // The broker redelivers the record as soon as this consumer has left.
                    }
                    try (var _ = MDC.putCloseable(JOB_ID, jobId(delivered))) {
                        AcquiredRecord held = new AcquiredRecord(consumer, delivered);
                        held.settle(acknowledgement(held));
                    }
                }
            }
        } finally {
            consumer.close(CLOSE_TIMEOUT);
        }
    }

    private synchronized boolean beginTaking() {
        taking = !closing;
        return taking;
    }

    /** Ends the turn to take a record; returns false when the slot has been stopped. */
    private synchronized boolean endTaking() {
        taking = false;
        notifyAll();
        return !closing;
    }

    /**
     * Polls in turn with the other idle slots, so that a killed process has only one open fetch. Otherwise the broker
     * would offer records to each dead slot before noticing, count each offer, and drop a record after five. A new
     * consumer polls at once, because polling makes it a member of the group, which takes time.
     */
    private ConsumerRecords<String, byte[]> pollInTurn() {
        turn.lock();
        try {
            return poll();
        } finally {
            turn.unlock();
        }
    }

    /** Once it has polled, the consumer continues to fetch until it has a record. */
    private ConsumerRecords<String, byte[]> poll() {
        ConsumerRecords<String, byte[]> records = ConsumerRecords.empty();
        while (records.isEmpty() && !closing) {
            records = consumer.poll(POLL);
        }
        return records;
    }

    private AcknowledgeType acknowledgement(AcquiredRecord held) {
        ConsumerRecord<String, byte[]> delivered = held.record();
        int deliveries = held.deliveries();
        Job job;
        try {
            if (version(delivered) > JobJson.VERSION) {
                return leaveToNewer(delivered);
            }
            job = JobJson.read(delivered.value() == null ? new byte[0] : delivered.value(), Job.class);
        } catch (InvalidFieldException e) {
            return reject(delivered, "cannot be read as a job: " + e.getMessage());
        }
        if (deliveries > MAX_DELIVERIES) {
            return giveUp(job, delivered, "given up after %d workers failed with it".formatted(MAX_DELIVERIES));
        }
        try {
            return switch (awaitRenewing(work(job, delivered), held)) {
                case Acknowledgement.Accept accept -> AcknowledgeType.ACCEPT;
                case Acknowledgement.Release release -> handOn(delivered);
                case Acknowledgement.Reject(String reason) -> reject(delivered, reason);
            };
        } catch (ExecutionException e) {
            Throwable fault = e.getCause();
            if (closing) {
                log.info("releasing job {} to another worker: {}", jobId(delivered), fault.toString());
                return handOn(delivered);
            }
            log.warn("job {} failed on delivery {} of {}", jobId(delivered), deliveries, MAX_DELIVERIES, fault);
            return held.held() && deliveries < MAX_DELIVERIES
                    ? AcknowledgeType.RELEASE
                    : giveUp(job, delivered, "%s, %d times".formatted(fault, deliveries));
        }
    }

    private static int version(ConsumerRecord<String, byte[]> delivered) {
        String version = header(delivered, JobPublisher.VERSION_HEADER);
        try {
            return version == null ? 1 : Integer.parseInt(version);
        } catch (NumberFormatException e) {
            throw new InvalidFieldException(JobPublisher.VERSION_HEADER, version, "must be a whole number");
        }
    }

    /** Returns the value of a header, or null when there is none. */
    private static String header(ConsumerRecord<String, byte[]> delivered, String name) {
        Header header = delivered.headers().lastHeader(name);
        return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    /** Returns the record's key, shortened if it is too long to be one of Ruido's. */
    private static String jobId(ConsumerRecord<String, byte[]> delivered) {
        String key = String.valueOf(delivered.key());
        return key.length() > LONGEST_ID ? key.substring(0, LONGEST_ID) + "…" : key;
    }

    /** Releases a job of a newer version, of which this worker would make a different image, for a newer worker. */
    private AcknowledgeType leaveToNewer(ConsumerRecord<String, byte[]> delivered) {
        log.warn(
                "job {} has version {}, this worker supports up to {}; leaving it to a newer worker",
                jobId(delivered),
                version(delivered),
                JobJson.VERSION);
        pause(NEWER_TAKES_IT_WITHIN);
        return handOn(delivered);
    }

    /**
     * Gives up a record after too many deliveries. Kafka also counts deliveries that never arrived, for instance during
     * its restart; such a record is republished.
     */
    private AcknowledgeType giveUp(Job job, ConsumerRecord<String, byte[]> delivered, String reason) {
        int begun = undeliverable.begun(job);
        if (begun >= MAX_DELIVERIES) {
            return reject(delivered, reason);
        }
        log.info("republishing job {}: only {} of its deliveries reached a worker", jobId(delivered), begun);
        return handOn(delivered);
    }

    /** Republishes a record of a stopping worker, because the broker would count its release as a failed delivery. */
    private AcknowledgeType handOn(ConsumerRecord<String, byte[]> delivered) {
        try {
            publisher.again(delivered).toCompletableFuture().join();
            return AcknowledgeType.ACCEPT;
        } catch (CompletionException e) {
            log.warn("cannot republish job {}, releasing its record: {}", jobId(delivered), e.getMessage());
            return AcknowledgeType.RELEASE;
        }
    }

    /** Writes the dead letter before it acknowledges the record: a duplicate does no harm, a missing one does. */
    private AcknowledgeType reject(ConsumerRecord<String, byte[]> delivered, String reason) {
        publisher.deadLetter(delivered, reason).toCompletableFuture().join();
        undeliverable.onUndeliverable(jobId(delivered), reason);
        log.warn("moved job {} to the dead-letter topic {}: {}", jobId(delivered), Topics.DEAD_LETTER, reason);
        return AcknowledgeType.REJECT;
    }

    private CompletableFuture<Acknowledgement> work(Job job, ConsumerRecord<String, byte[]> delivered) {
        CompletableFuture<Acknowledgement> work = new CompletableFuture<>();
        threads.submit(trace(delivered).wrap(() -> {
            try (var _ = MDC.putCloseable(JOB_ID, jobId(delivered))) {
                work.complete(handler.handle(job));
            } catch (Throwable e) {
                work.completeExceptionally(e);
            }
        }));
        return work;
    }

    private static Context trace(ConsumerRecord<String, byte[]> delivered) {
        return Trace.of(header(delivered, Trace.HEADER));
    }

    private Acknowledgement awaitRenewing(CompletableFuture<Acknowledgement> work, AcquiredRecord held)
            throws ExecutionException {
        while (true) {
            try {
                return work.get(AcquiredRecord.RENEW_EVERY.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                held.renew();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new Acknowledgement.Release();
            }
        }
    }

    private static void pause(Duration duration) {
        try {
            Thread.sleep(duration);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Stops taking records, and returns at once. */
    public synchronized void stop() {
        closing = true;
        if (taking && consumer != null) {
            consumer.wakeup();
        }
    }

    /**
     * Waits, after {@link #stop()}, until Kafka can no longer deliver to this consumer: it has a record, or has left
     * the group. Gives up after some seconds when Kafka is unavailable.
     */
    public synchronized void awaitStopped() {
        long deadline = System.nanoTime() + STOP_AT_MOST.toNanos();
        try {
            while (taking && System.nanoTime() < deadline) {
                wait(STOP_AT_MOST.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until the handler has ended and its record is acknowledged. The handler must be told to stop first. */
    @Override
    public void close() {
        stop();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        threads.close();
    }
}
