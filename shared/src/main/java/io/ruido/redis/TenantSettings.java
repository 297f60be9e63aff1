package io.ruido.redis;

import io.lettuce.core.api.async.RedisAsyncCommands;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Settings that clients of a tenant share and can change, such as the checkpoint of AUTOMATIC1111's interface. */
public final class TenantSettings {
    private final RedisAsyncCommands<String, String> redis;

    public TenantSettings(Redis redis) {
        this.redis = redis.text().async();
    }

    /** Finds a setting; empty if it was never set. */
    public CompletionStage<Optional<String>> find(String tenant, String setting) {
        return redis.hget(RedisKeys.settings(tenant), setting).thenApply(Optional::ofNullable);
    }

    public CompletionStage<Void> put(String tenant, String setting, String value) {
        return redis.hset(RedisKeys.settings(tenant), setting, value).thenAccept(isNew -> {});
    }
}
