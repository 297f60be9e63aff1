package io.ruido.redis;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/**
 * A queue of ids of jobs or uploads that become due at a certain time by Redis's clock. A due id is returned to one
 * caller, and to another one if the first has not called {@link #done} after some time.
 */
public final class DelayedQueue {
    private static final Duration REDELIVER_AFTER = Duration.ofSeconds(30);

    private final RedisAsyncCommands<String, String> redis;
    private final LuaScript due;
    private final String key;

    private DelayedQueue(Redis redis, String key) {
        this.redis = redis.text().async();
        this.due = new LuaScript(this.redis, "due.lua");
        this.key = key;
    }

    /** Returns the queue of admitted jobs that Kafka may not have. */
    public static DelayedQueue unpublished(Redis redis) {
        return new DelayedQueue(redis, RedisKeys.UNPUBLISHED);
    }

    /** Returns the queue of jobs by their deadlines. */
    public static DelayedQueue deadlines(Redis redis) {
        return new DelayedQueue(redis, RedisKeys.DEADLINES);
    }

    /** Returns the queue of finished jobs by the time of their next webhook call. */
    static DelayedQueue webhooks(Redis redis) {
        return new DelayedQueue(redis, RedisKeys.WEBHOOKS);
    }

    /** Returns the queue of running jobs by the time of their next webhook call. */
    static DelayedQueue liveWebhooks(Redis redis) {
        return new DelayedQueue(redis, RedisKeys.LIVE_WEBHOOKS);
    }

    /** Returns the queue of finished jobs by the end of their retention. */
    public static DelayedQueue retention(Redis redis) {
        return new DelayedQueue(redis, RedisKeys.FINISHED);
    }

    /** Returns the queue of finished jobs by the time at which their events are trimmed. */
    public static DelayedQueue trims(Redis redis) {
        return new DelayedQueue(redis, RedisKeys.TRIMS);
    }

    /** Returns the queue of uploads by the end of their retention. */
    public static DelayedQueue uploads(Redis redis) {
        return new DelayedQueue(redis, RedisKeys.UPLOADS);
    }

    public CompletionStage<List<UUID>> due(int limit) {
        CompletionStage<List<String>> ids = due.run(
                ScriptOutputType.MULTI,
                new String[] {key},
                String.valueOf(limit),
                String.valueOf(REDELIVER_AFTER.toMillis()));
        return ids.thenApply(all -> all.stream().map(UUID::fromString).toList());
    }

    public CompletionStage<Void> done(UUID id) {
        return redis.zrem(key, id.toString()).thenAccept(removed -> {});
    }
}
