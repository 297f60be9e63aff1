package io.ruido.gateway.webhooks;

import io.ruido.gateway.http.Problems;
import io.ruido.gateway.jobs.JobView;
import io.ruido.job.JobStatus;
import io.ruido.kafka.JobConsumer;
import io.ruido.redis.JobStore;
import io.ruido.redis.WebhookEvent;
import io.ruido.redis.WebhookStore;
import io.ruido.s3.ResultStore;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Calls the receivers that clients named when jobs begin, while they run, and when they end. A pending call is in Redis
 * until it is delivered or given up, so any gateway can continue the work of another one. A receiver may be called
 * twice for a job, with the same id.
 */
public final class Webhooks {
    /** Pauses between the attempts, three days in total. */
    public static final List<Duration> PAUSES = List.of(
            Duration.ofSeconds(5),
            Duration.ofMinutes(5),
            Duration.ofMinutes(30),
            Duration.ofHours(2),
            Duration.ofHours(5),
            Duration.ofHours(10),
            Duration.ofHours(14),
            Duration.ofHours(20),
            Duration.ofHours(24));

    private static final Logger log = LoggerFactory.getLogger(Webhooks.class);
    private static final Duration PROGRESS_EVERY = Duration.ofSeconds(10);
    private static final int AT_A_TIME = 50;
    private static final int LONGEST_REASON = 200;

    /** The maximum number of concurrent calls for one tenant. */
    private static final int CALLS_OF_A_TENANT = 8;

    /**
     * The maximum time that a call waits for its turn; it must be less than the time after which a due call is due
     * again.
     */
    private static final Duration TURN_COMES_WITHIN = Duration.ofSeconds(20);

    private final WebhookStore store;
    private final JobStore jobs;
    private final ResultStore results;
    private final WebhookClient client;
    private final List<Duration> pauses;
    private final Executor blocking;
    private final Executor calls;
    private final Map<String, Semaphore> turns = new ConcurrentHashMap<>();

    /**
     * @param calls executor with platform threads: resolving a receiver's name can take half a minute, and would pin
     *     the carrier of a virtual thread
     */
    public Webhooks(
            WebhookStore store,
            JobStore jobs,
            ResultStore results,
            WebhookClient client,
            List<Duration> pauses,
            Executor blocking,
            Executor calls) {
        this.store = store;
        this.jobs = jobs;
        this.results = results;
        this.client = client;
        this.pauses = pauses;
        this.blocking = blocking;
        this.calls = calls;
    }

    private record Message(String type, Instant timestamp, JobView data) {
        static Message ofEnd(JobStatus job, ResultStore results) {
            return new Message(
                    "job." + job.state().name().toLowerCase(Locale.ROOT), job.finishedAt(), JobView.of(job, results));
        }

        static Message of(WebhookEvent event, Instant time, JobStatus job, ResultStore results) {
            return new Message("job." + event.label(), time, JobView.of(job, results));
        }
    }

    /** Delivers the calls that are due. Never fails. */
    public CompletionStage<Void> run() {
        return run(store.liveDue(AT_A_TIME), this::tell).thenCompose(told -> run(store.due(AT_A_TIME), this::deliver));
    }

    private CompletionStage<Void> run(CompletionStage<List<UUID>> due, Consumer<UUID> delivery) {
        return due.thenAccept(ids -> ids.forEach(id -> blocking.execute(() -> delivery.accept(id))))
                .exceptionally(error -> {
                    log.atLevel(Problems.level(error))
                            .log("cannot read pending webhooks ({}); retrying", error.toString());
                    return null;
                });
    }

    private void deliver(UUID id) {
        try (var _ = MDC.putCloseable(JobConsumer.JOB_ID, id.toString())) {
            Optional<WebhookStore.Pending> webhook = done(store.find(id));
            Optional<JobStatus> job =
                    done(jobs.find(id)).filter(found -> found.state().terminal());
            if (webhook.isPresent() && job.isPresent()) {
                inTurn(job.get(), () -> attempt(id, webhook.get(), job.get()));
            } else {
                done(store.delivered(id));
            }
        } catch (CompletionException e) {
            log.atLevel(Problems.level(e)).log("cannot process the webhook of job {} ({}); retrying", id, e.toString());
        }
    }

    /** Reports once that a job has begun, and its progress while it runs. Both are retried only while the job runs. */
    private void tell(UUID id) {
        try (var _ = MDC.putCloseable(JobConsumer.JOB_ID, id.toString())) {
            Optional<WebhookStore.Pending> webhook = done(store.find(id));
            Optional<JobStatus> job = done(jobs.find(id));
            if (webhook.isPresent() && job.isPresent()) {
                inTurn(job.get(), () -> tell(id, webhook.get(), job.get()));
            }
            boolean more = webhook.isPresent() && job.isPresent() && toldMore(webhook.get(), job.get());
            done(more ? store.liveLater(id, PROGRESS_EVERY) : store.liveDone(id));
        } catch (CompletionException e) {
            log.atLevel(Problems.level(e)).log("cannot process the webhook of job {} ({}); retrying", id, e.toString());
        }
    }

    private void tell(UUID id, WebhookStore.Pending webhook, JobStatus job) {
        boolean start = webhook.events().contains(WebhookEvent.STARTED) && !webhook.startTold();
        boolean progress = webhook.events().contains(WebhookEvent.PROGRESS) && running(job);
        if (!start && !progress) {
            return;
        }
        Message message = start
                ? Message.of(WebhookEvent.STARTED, job.startedAt(), job, results)
                : Message.of(WebhookEvent.PROGRESS, Instant.now(), job, results);
        String messageId = start ? "msg_%s_started".formatted(id) : "msg_%s_%d".formatted(id, job.lastEvent());
        try {
            client.post(webhook.url(), messageId, done(store.secret(job.tenant())), message);
            if (start) {
                done(store.startTold(id));
            }
        } catch (IOException | IllegalArgumentException e) {
            log.info(
                    "webhook {} of job {} failed ({}); retrying in {} if the job is still running",
                    message.type(),
                    id,
                    oneLine(e.getMessage()),
                    PROGRESS_EVERY);
        }
    }

    private static boolean toldMore(WebhookStore.Pending webhook, JobStatus job) {
        return running(job) && (webhook.events().contains(WebhookEvent.PROGRESS) || !webhook.startTold());
    }

    private static boolean running(JobStatus job) {
        return !job.state().terminal();
    }

    /**
     * Runs a call when the tenant has fewer than the maximum number of calls. If that takes too long, the call stays
     * due.
     */
    private void inTurn(JobStatus job, Runnable attempt) {
        Runnable logged = () -> {
            try (var _ = MDC.putCloseable(JobConsumer.JOB_ID, job.job().jobId().toString())) {
                attempt.run();
            }
        };
        Semaphore places = turns.computeIfAbsent(job.tenant(), first -> new Semaphore(CALLS_OF_A_TENANT));
        try {
            if (places.tryAcquire(TURN_COMES_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
                try {
                    CompletableFuture.runAsync(logged, calls).join();
                } finally {
                    places.release();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void attempt(UUID id, WebhookStore.Pending webhook, JobStatus job) {
        try {
            client.post(webhook.url(), "msg_" + id, done(store.secret(job.tenant())), Message.ofEnd(job, results));
            done(store.delivered(id));
        } catch (IOException | IllegalArgumentException e) {
            failed(id, webhook, oneLine(e.getMessage()));
        }
    }

    private void failed(UUID id, WebhookStore.Pending webhook, String reason) {
        int attempts = webhook.attempts() + 1;
        if (attempts <= pauses.size()) {
            Duration pause = pauses.get(attempts - 1);
            log.info("attempt {} of the webhook of job {} failed ({}); retrying in {}", attempts, id, reason, pause);
            done(store.later(id, attempts, pause));
        } else {
            log.warn("all {} attempts of the webhook of job {} failed ({}); giving up", attempts, id, reason);
            done(store.bury(id, webhook.url(), attempts, reason));
        }
    }

    /** Shortens the message of an error, which can contain text of any length from a receiver. */
    private static String oneLine(String reason) {
        String text = String.valueOf(reason);
        String start = text.length() > LONGEST_REASON ? text.substring(0, LONGEST_REASON) + "…" : text;
        return start.replaceAll("[^\\P{Cntrl}]|[\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]", "?");
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }
}
