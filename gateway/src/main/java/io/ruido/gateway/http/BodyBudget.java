package io.ruido.gateway.http;

import java.util.concurrent.atomic.AtomicLong;

/** The bytes of request bodies that a gateway has in memory at a time, whoever sends them. */
final class BodyBudget {
    private static final long LEAST = 64L << 20;
    private static final int SHARE_OF_HEAP = 8;

    private final long capacity;
    private final AtomicLong taken = new AtomicLong();

    private BodyBudget(long capacity) {
        this.capacity = capacity;
    }

    /** @param largest body, of which there is always room for two */
    static BodyBudget of(long largest) {
        return new BodyBudget(
                Math.max(Math.max(LEAST, 2 * largest), Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP));
    }

    boolean take(int bytes) {
        if (taken.addAndGet(bytes) > capacity) {
            taken.addAndGet(-bytes);
            return false;
        }
        return true;
    }

    void giveBack(long bytes) {
        taken.addAndGet(-bytes);
    }
}
