package io.ruido.standalone;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;

/** Runs tasks concurrently. */
final class Parallel {
    private Parallel() {}

    /** Returns when all tasks have ended; throws the exception of the first one that failed. */
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
