package io.ruido.redis;

import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.distributed.AsyncBucketProxy;
import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.distributed.proxy.AsyncProxyManager;
import io.github.bucket4j.redis.lettuce.Bucket4jLettuce;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Token buckets that refill steadily, shared by all gateways. */
public final class RateLimits {
    private final AsyncProxyManager<String> buckets;

    public RateLimits(Redis redis) {
        buckets = Bucket4jLettuce.casBasedBuilder(redis.binary())
                .expirationAfterWrite(
                        ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(Duration.ofMinutes(1)))
                .build()
                .asAsync();
    }

    /**
     * Takes an amount from a bucket, completely or not at all.
     *
     * @param what the resource, such as requests
     * @param who the user of the resource
     * @param limit amount that may be used in {@code per}
     * @return empty, or the time to wait before trying again
     */
    public CompletionStage<Optional<Duration>> take(String what, String who, long amount, long limit, Duration per) {
        return bucket(what, who, limit, per)
                .tryConsumeAndReturnRemaining(amount)
                .thenApply(probe -> probe.isConsumed()
                        ? Optional.empty()
                        : Optional.of(Duration.ofNanos(probe.getNanosToWaitForRefill())));
    }

    /** Returns an amount that was taken and not used. */
    public CompletionStage<Void> giveBack(String what, String who, long amount, long limit, Duration per) {
        return bucket(what, who, limit, per).addTokens(amount);
    }

    private AsyncBucketProxy bucket(String what, String who, long limit, Duration per) {
        BucketConfiguration configuration = BucketConfiguration.builder()
                .addLimit(bandwidth -> bandwidth.capacity(limit).refillGreedy(limit, per))
                .build();
        // The key contains the limit, so that a changed limit starts with a new bucket.
        return buckets.builder()
                .build(
                        RedisKeys.allowance(what, who) + ":" + limit,
                        () -> CompletableFuture.completedFuture(configuration));
    }
}
