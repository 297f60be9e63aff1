package io.ruido.standalone;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;

/** Runs tasks side by side. */
final class Parallel {
    private Parallel() {}

    /** Returns when all have ended; throws what the first of them to fail threw. */
    static void run(List<? extends Runnable> tasks) {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var task : tasks.stream().map(threads::submit).toList()) {
                task.get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while starting", e);
        }
    }
}
