package io.ruido.redis;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/**
 * Ids of jobs or uploads that become due at a certain time of Redis' clock. A due id is given to one caller, and to
 * another one when that caller has not called {@link #done} after a while.
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

    /** Admitted jobs that Kafka may not have. */
    public static DelayedQueue unpublished(Redis redis) {
        return new DelayedQueue(redis, RedisKeys.UNPUBLISHED);
    }

    /** Jobs whose deadline has come. */
    public static DelayedQueue deadlines(Redis redis) {
        return new DelayedQueue(redis, RedisKeys.DEADLINES);
    }

    /** Finished jobs whose webhooks are due. */
    static DelayedQueue webhooks(Redis redis) {
        return new DelayedQueue(redis, RedisKeys.WEBHOOKS);
    }

    /** Jobs that have begun, whose receivers are to be told how they are. */
    static DelayedQueue liveWebhooks(Redis redis) {
        return new DelayedQueue(redis, RedisKeys.LIVE_WEBHOOKS);
    }

    /** Finished jobs that have been kept long enough. */
    public static DelayedQueue retention(Redis redis) {
        return new DelayedQueue(redis, RedisKeys.FINISHED);
    }

    /** Jobs that ended a while ago, whose events are to be trimmed. */
    public static DelayedQueue trims(Redis redis) {
        return new DelayedQueue(redis, RedisKeys.TRIMS);
    }

    /** Pictures sent by clients that no new job can use any more. */
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
