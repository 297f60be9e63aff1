package io.ruido.redis;

import io.lettuce.core.api.async.RedisAsyncCommands;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;

/** The key with which all gateways sign URLs. It is created when it is first needed. */
public final class SigningKey {
    private static final int BYTES = 32;

    private final RedisAsyncCommands<String, String> redis;
    private final RandomGenerator random = new SecureRandom();

    public SigningKey(Redis redis) {
        this.redis = redis.text().async();
    }

    public CompletionStage<byte[]> get() {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return redis.setnx(RedisKeys.SIGNING_KEY, Base64.getEncoder().encodeToString(bytes))
                .thenCompose(isNew -> redis.get(RedisKeys.SIGNING_KEY))
                .thenApply(Base64.getDecoder()::decode);
    }
}
