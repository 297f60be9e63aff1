package io.ruido.gateway.uploads;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;

/** Runs tasks on few threads, the tenants by turns: one that sends many pictures delays the others by one of them. */
final class TenantTurns {
    private final Executor executor;
    private final Map<String, Queue<Runnable>> waiting = new LinkedHashMap<>();

    /** @param executor that runs one task for each that it is given */
    TenantTurns(Executor executor) {
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

    /** The next task of the tenant whose turn it is, which then becomes the last in turn. */
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
