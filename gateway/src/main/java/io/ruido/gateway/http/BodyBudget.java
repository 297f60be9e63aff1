package io.ruido.gateway.http;

import java.util.concurrent.atomic.AtomicLong;

/** A limit on the bytes that all requests together hold. */
final class BodyBudget {
    private final long capacity;
    private final AtomicLong taken = new AtomicLong();

    BodyBudget(long capacity) {
        this.capacity = capacity;
    }

    /** Returns the share of a new request, which holds nothing yet. */
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

        /** Releases at most that many bytes. */
        void giveBack(long bytes) {
            long before = held.getAndUpdate(has -> Math.max(0, has - bytes));
            taken.addAndGet(-Math.min(bytes, before));
        }

        void giveBackAll() {
            taken.addAndGet(-held.getAndSet(0));
        }
    }
}
