package io.ruido.redis;

import io.lettuce.core.SetArgs;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.ruido.job.SampleId;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The saved states of unfinished images, from which another worker can resume. Writes are not fenced: an image's state
 * after a step is the same, whichever attempt wrote it.
 */
public final class Checkpoints {
    private final RedisAsyncCommands<String, byte[]> redis;
    private final Duration timeToLive;

    public Checkpoints(Redis redis, Duration timeToLive) {
        this.redis = redis.binary().async();
        this.timeToLive = timeToLive;
    }

    public CompletionStage<Void> put(SampleId sample, byte[] state) {
        return redis.set(RedisKeys.checkpoint(sample), state, SetArgs.Builder.px(timeToLive))
                .thenAccept(ok -> {});
    }

    public CompletionStage<Optional<byte[]>> get(SampleId sample) {
        return redis.get(RedisKeys.checkpoint(sample)).thenApply(Optional::ofNullable);
    }

    public CompletionStage<Void> forget(SampleId sample) {
        return redis.del(RedisKeys.checkpoint(sample)).thenAccept(count -> {});
    }
}
