package io.ruido.progress;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.ruido.config.RuidoConfig.RedisConfig;
import java.time.Duration;

/**
 * Connections that reconnect by themselves. While Redis is away commands fail at once instead of piling up in memory;
 * a command that gets no answer fails after the configured time.
 */
public final class Redis implements AutoCloseable {
    private final RedisClient client;
    private final StatefulRedisConnection<String, String> text;
    private final StatefulRedisConnection<String, byte[]> binary;

    private Redis(RedisClient client) {
        this.client = client;
        this.text = client.connect();
        this.binary = client.connect(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE));
    }

    /** @throws io.lettuce.core.RedisConnectionException when nothing answers at the address */
    public static Redis connect(RedisConfig config) {
        RedisURI uri = RedisURI.create(
                config.uri().orElseThrow(() -> new IllegalArgumentException("ruido.redis.uri must be set")));
        uri.setTimeout(config.timeout());
        RedisClient client = RedisClient.create(uri);
        client.setOptions(ClientOptions.builder()
                .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .timeoutOptions(TimeoutOptions.enabled(config.timeout()))
                .socketOptions(SocketOptions.builder()
                        .connectTimeout(config.timeout())
                        .keepAlive(true)
                        .build())
                .build());
        try {
            return new Redis(client);
        } catch (RuntimeException e) {
            client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
            throw e;
        }
    }

    StatefulRedisConnection<String, String> text() {
        return text;
    }

    StatefulRedisConnection<String, byte[]> binary() {
        return binary;
    }

    StatefulRedisPubSubConnection<String, String> subscriber() {
        return client.connectPubSub();
    }

    @Override
    public void close() {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    }
}
