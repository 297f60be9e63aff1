package io.ruido.redis;

import io.lettuce.core.SetArgs;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** A cache of encoded texts by the hash of their inputs, so that a prompt is encoded once for all its images. */
public final class ConditioningCache {
    private final RedisAsyncCommands<String, byte[]> redis;
    private final Duration timeToLive;

    public ConditioningCache(Redis redis, Duration timeToLive) {
        this.redis = redis.binary().async();
        this.timeToLive = timeToLive;
    }

    public CompletionStage<Void> put(String contentHash, byte[] encoded) {
        return redis.set(RedisKeys.conditioning(contentHash), encoded, SetArgs.Builder.px(timeToLive))
                .thenAccept(ok -> {});
    }

    public CompletionStage<Optional<byte[]>> get(String contentHash) {
        return redis.get(RedisKeys.conditioning(contentHash)).thenApply(Optional::ofNullable);
    }
}
