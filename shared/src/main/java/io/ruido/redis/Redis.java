package io.ruido.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.StaticCredentialsProvider;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.event.command.CommandFailedEvent;
import io.lettuce.core.event.command.CommandListener;
import io.lettuce.core.event.command.CommandSucceededEvent;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.channel.Channel;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.ruido.config.RuidoConfig.RedisConfig;
import io.ruido.telemetry.Outage;
import io.ruido.telemetry.RootCause;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * Connections that reconnect automatically. While Redis is unavailable, commands fail at once instead of piling up in
 * memory; a command without a reply fails after the configured timeout.
 */
public final class Redis implements AutoCloseable {
    /** The maximum time between two attempts to reconnect; Lettuce's default is half a minute. */
    private static final Duration RECONNECT_AT_MOST = Duration.ofMillis(500);

    /**
     * The version of the keys and fields that this code uses. Adding a field does not change it: older versions skip
     * the field. Changing the meaning of a key or field raises it; versions with different formats cannot run side by
     * side.
     */
    static final int FORMAT = 1;

    private static final int COMMANDS_AT_A_TIME = 64;

    private final RedisClient client;
    private final StatefulRedisConnection<String, String> text;
    private final StatefulRedisConnection<String, byte[]> binary;

    private Redis(RedisClient client) {
        this.client = client;
        this.text = client.connect();
        this.binary = client.connect(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE));
    }

    /**
     * @throws IllegalStateException when Redis does not answer at the address, refuses the password, or has data of
     *     another version's format; the message says which
     */
    public static Redis connect(RedisConfig config) {
        RedisURI uri = uri(config);
        ClientResources resources = ClientResources.builder()
                .reconnectDelay(Delay.exponential(Duration.ofMillis(16), RECONNECT_AT_MOST, 2, TimeUnit.MILLISECONDS))
                .nettyCustomizer(new SharedWrites())
                .build();
        RedisClient client = RedisClient.create(resources, uri);
        client.addListener(new Answers(new Outage("Redis")));
        client.setOptions(ClientOptions.builder()
                .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .timeoutOptions(TimeoutOptions.enabled(config.timeout()))
                .socketOptions(SocketOptions.builder()
                        .connectTimeout(config.timeout())
                        .keepAlive(true)
                        .build())
                .build());
        try {
            Redis redis = new Redis(client);
            redis.checkFormat();
            return redis;
        } catch (RedisException e) {
            shutdown(client);
            throw new IllegalStateException(
                    "cannot connect to Redis at %s: %s".formatted(uri, RootCause.message(e)), e);
        } catch (RuntimeException e) {
            shutdown(client);
            throw e;
        }
    }

    private void checkFormat() {
        text.sync().setnx(RedisKeys.FORMAT, String.valueOf(FORMAT));
        String found = text.sync().get(RedisKeys.FORMAT);
        if (!String.valueOf(FORMAT).equals(found)) {
            throw new IllegalStateException(
                    "Redis has data of format %s, and this version of Ruido reads format %d: start a version that reads it, or use another database of Redis"
                            .formatted(found, FORMAT));
        }
    }

    private static RedisURI uri(RedisConfig config) {
        RedisURI uri = RedisURI.create(
                config.uri().orElseThrow(() -> new IllegalArgumentException("ruido.redis.uri must be set")));
        uri.setTimeout(config.timeout());
        config.password()
                .ifPresent(password -> uri.setCredentialsProvider(
                        new StaticCredentialsProvider(config.username().orElse(null), password.toCharArray())));
        for (RedisURI sentinel : uri.getSentinels()) {
            sentinel.setTimeout(config.timeout());
            sentinel.setSsl(uri.isSsl());
            config.sentinelPassword()
                    .ifPresent(password -> sentinel.setCredentialsProvider(
                            new StaticCredentialsProvider(null, password.toCharArray())));
        }
        return uri;
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

    /** Completes when Redis answers. */
    public CompletionStage<Void> ping() {
        return text.async().ping().thenAccept(pong -> {});
    }

    @Override
    public void close() {
        shutdown(client);
    }

    /** Concurrent commands share one system call; a single one is sent at once. */
    private static final class SharedWrites implements NettyCustomizer {
        @Override
        public void afterChannelInitialized(Channel channel) {
            channel.pipeline().addFirst(new FlushConsolidationHandler(COMMANDS_AT_A_TIME, true));
        }
    }

    /** Reports the end of every command to an {@link Outage}. */
    private record Answers(Outage outage) implements CommandListener {
        @Override
        public void commandSucceeded(CommandSucceededEvent command) {
            outage.answered();
        }

        @Override
        public void commandFailed(CommandFailedEvent command) {
            if (command.getCause() instanceof RedisNoScriptException) {
                outage.answered();
            } else {
                outage.failed(command.getCause());
            }
        }
    }

    // A client does not shut down resources that were passed to it.
    private static void shutdown(RedisClient client) {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        client.getResources().shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }
}
