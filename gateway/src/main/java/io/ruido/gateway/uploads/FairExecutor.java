package io.ruido.gateway.uploads;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;

/** Runs the tasks of tenants in turn, so that a tenant with many images delays the others by only one of them. */
final class FairExecutor {
    private final Executor executor;
    private final Map<String, Queue<Runnable>> waiting = new LinkedHashMap<>();

    /** @param executor executor with few threads */
    FairExecutor(Executor executor) {
        this.executor = executor;
    }

    Executor of(String tenant) {
        return task -> {
            synchronized (this) {
                waiting.computeIfAbsent(tenant, first -> new ArrayDeque<>()).add(task);
            }
            executor.execute(() -> next().run());
        };
    }

    /** Removes the next task of the tenant whose turn it is, and moves the tenant to the end of the queue. */
    private synchronized Runnable next() {
        Iterator<Map.Entry<String, Queue<Runnable>>> turns = waiting.entrySet().iterator();
        Map.Entry<String, Queue<Runnable>> turn = turns.next();
        turns.remove();
        Runnable task = turn.getValue().remove();
        if (!turn.getValue().isEmpty()) {
            waiting.put(turn.getKey(), turn.getValue());
        }
        return task;
    }
}
