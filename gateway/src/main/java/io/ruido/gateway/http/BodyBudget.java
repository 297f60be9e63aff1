package io.ruido.gateway.http;

import java.util.concurrent.atomic.AtomicLong;

/** Bytes that all requests together may take. */
final class BodyBudget {
    private final long capacity;
    private final AtomicLong taken = new AtomicLong();

    BodyBudget(long capacity) {
        this.capacity = capacity;
    }

    /** What one request has of a budget. */
    Share share() {
        return new Share();
    }

    final class Share {
        private final AtomicLong held = new AtomicLong();

        boolean take(long bytes) {
            if (taken.addAndGet(bytes) > capacity) {
                taken.addAndGet(-bytes);
                return false;
            }
            held.addAndGet(bytes);
            return true;
        }

        /** Of what it still has, at most so much. */
        void giveBack(long bytes) {
            long before = held.getAndUpdate(has -> Math.max(0, has - bytes));
            taken.addAndGet(-Math.min(bytes, before));
        }

        void giveBackAll() {
            taken.addAndGet(-held.getAndSet(0));
        }
    }
}
