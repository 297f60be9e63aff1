package io.ruido.redis;

import io.lettuce.core.ZAddArgs;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.ruido.job.JobJson;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The webhooks in Redis that wait for their delivery. The state machine adds one with the end of its job. */
public final class WebhookStore {
    private static final int SECRET_BYTES = 32;
    private static final long DEAD_AT_MOST = 10_000;
    private static final String ATTEMPTS = "webhook-attempts";
    private static final String TOLD = "webhook-told";

    private final RedisAsyncCommands<String, String> redis;
    private final DelayedQueue agenda;
    private final DelayedQueue live;
    private final RandomGenerator random = new SecureRandom();

    public WebhookStore(Redis redis) {
        this.redis = redis.text().async();
        this.agenda = DelayedQueue.webhooks(redis);
        this.live = DelayedQueue.liveWebhooks(redis);
    }

    /** Returns the jobs whose webhooks are due now. */
    public CompletionStage<List<UUID>> due(int atMost) {
        return agenda.due(atMost);
    }

    /** Removes a delivered webhook. */
    public CompletionStage<Void> delivered(UUID id) {
        return agenda.done(id);
    }

    /** Returns the running jobs whose webhooks are due now. */
    public CompletionStage<List<UUID>> liveDue(int atMost) {
        return live.due(atMost);
    }

    /** Ends the webhook calls before the end of a job. */
    public CompletionStage<Void> liveDone(UUID id) {
        return live.done(id);
    }

    /** Schedules the next call for a running job. */
    public CompletionStage<Void> liveLater(UUID id, Duration pause) {
        return later(RedisKeys.LIVE_WEBHOOKS, id, pause);
    }

    /** Records that the receiver knows that the job has begun. */
    public CompletionStage<Void> startTold(UUID id) {
        return redis.hset(RedisKeys.job(id), Map.of(TOLD, "1")).thenAccept(set -> {});
    }

    /**
     * @param attempts number of attempts to report the end
     * @param startTold whether the receiver knows that the job has begun
     */
    public record Pending(String url, Set<WebhookEvent> events, int attempts, boolean startTold) {}

    /** Finds the webhook of a job; empty when the job was deleted. */
    public CompletionStage<Optional<Pending>> find(UUID id) {
        return redis.hmget(RedisKeys.job(id), "webhook", "webhook-events", ATTEMPTS, TOLD)
                .thenApply(fields -> fields.get(0).hasValue()
                        ? Optional.of(new Pending(
                                fields.get(0).getValue(),
                                events(fields.get(1).getValueOrElse(WebhookEvent.ENDED.label())),
                                Integer.parseInt(fields.get(2).getValueOrElse("0")),
                                fields.get(3).hasValue()))
                        : Optional.empty());
    }

    private static Set<WebhookEvent> events(String labels) {
        return Stream.of(labels.split(",")).map(WebhookEvent::of).collect(Collectors.toUnmodifiableSet());
    }

    /** Records a failed attempt and schedules the next one after a pause. */
    public CompletionStage<Void> later(UUID id, int attempts, Duration pause) {
        return redis.hset(RedisKeys.job(id), Map.of(ATTEMPTS, String.valueOf(attempts)))
                .thenCompose(set -> later(RedisKeys.WEBHOOKS, id, pause));
    }

    private CompletionStage<Void> later(String agenda, UUID id, Duration pause) {
        return redis.time()
                .thenCompose(time -> redis.zadd(
                        agenda,
                        ZAddArgs.Builder.xx(),
                        (double) (Long.parseLong(time.get(0)) * 1000 + pause.toMillis()),
                        id.toString()))
                .thenAccept(changed -> {});
    }

    private record Dead(UUID job, String url, int attempts, String error) {}

    /** Moves a webhook to the list of failed ones after all attempts have failed. */
    public CompletionStage<Void> bury(UUID id, String url, int attempts, String error) {
        return redis.lpush(RedisKeys.DEAD_WEBHOOKS, JobJson.write(new Dead(id, url, attempts, error)))
                .thenCompose(length -> redis.ltrim(RedisKeys.DEAD_WEBHOOKS, 0, DEAD_AT_MOST - 1))
                .thenCompose(trimmed -> delivered(id));
    }

    /** Returns the webhooks whose delivery was given up as JSON, the newest first. */
    public CompletionStage<List<String>> dead(int atMost) {
        return redis.lrange(RedisKeys.DEAD_WEBHOOKS, 0, atMost - 1);
    }

    /** Returns the secret that signs a tenant's webhooks; it is created when it is first needed. */
    public CompletionStage<String> secret(String tenant) {
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        String fresh = "whsec_" + Base64.getEncoder().encodeToString(bytes);
        String key = RedisKeys.webhookSecret(tenant);
        return redis.setnx(key, fresh).thenCompose(isNew -> redis.get(key));
    }
}
