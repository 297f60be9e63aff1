package io.ruido.redis;

import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;

/** Signals that a job was admitted and must be published. A signal can be lost, so listeners must also poll. */
public final class DispatchSignal implements AutoCloseable {
    private final StatefulRedisPubSubConnection<String, String> pubSub;

    /** @param listener called on Redis's thread; it must not block */
    public DispatchSignal(Redis redis, Runnable listener) {
        this.pubSub = redis.subscriber();
        pubSub.addListener(new RedisPubSubAdapter<>() {
            @Override
            public void message(String channel, String model) {
                listener.run();
            }
        });
        pubSub.sync().subscribe(RedisKeys.DISPATCH);
    }

    @Override
    public void close() {
        pubSub.close();
    }
}
