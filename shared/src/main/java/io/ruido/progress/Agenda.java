package io.ruido.progress;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/**
 * Jobs, or pictures for them, with which something is to be done at a certain time of Redis' clock. Each is handed to one asker, and to the
 * next when that one has not said {@link #done} for a while.
 */
public final class Agenda {
    private static final Duration ASKED_AGAIN_AFTER = Duration.ofSeconds(30);

    private final RedisAsyncCommands<String, String> redis;
    private final Script due;
    private final String key;

    private Agenda(Redis redis, String key) {
        this.redis = redis.text().async();
        this.due = new Script(this.redis, "due.lua");
        this.key = key;
    }

    /** Jobs that were let through and that Kafka may not have. */
    public static Agenda unpublished(Redis redis) {
        return new Agenda(redis, RedisKeys.UNPUBLISHED);
    }

    /** Jobs whose deadline has come. */
    public static Agenda deadlines(Redis redis) {
        return new Agenda(redis, RedisKeys.DEADLINES);
    }

    /** Finished jobs whose receivers are to be told. */
    static Agenda webhooks(Redis redis) {
        return new Agenda(redis, RedisKeys.WEBHOOKS);
    }

    /** Finished jobs that have been kept long enough. */
    public static Agenda retention(Redis redis) {
        return new Agenda(redis, RedisKeys.FINISHED);
    }

    /** Pictures sent by clients that no new job can use any more. */
    public static Agenda uploads(Redis redis) {
        return new Agenda(redis, RedisKeys.UPLOADS);
    }

    public CompletionStage<List<UUID>> due(int limit) {
        CompletionStage<List<String>> ids = due.run(
                ScriptOutputType.MULTI,
                new String[] {key},
                String.valueOf(limit),
                String.valueOf(ASKED_AGAIN_AFTER.toMillis()));
        return ids.thenApply(all -> all.stream().map(UUID::fromString).toList());
    }

    public CompletionStage<Void> done(UUID id) {
        return redis.zrem(key, id.toString()).thenAccept(removed -> {});
    }
}
