package io.ruido.worker;

import dev.failsafe.Failsafe;
import dev.failsafe.RetryPolicy;
import dev.failsafe.function.CheckedSupplier;
import io.lettuce.core.RedisException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.common.KafkaException;

/**
 * Retries calls to servers that are temporarily unavailable, with exponential backoff, until the call succeeds or the
 * worker stops. An accepted job must not fail because Redis, S3 or Kafka was restarted.
 */
final class Retry implements AutoCloseable {
    private final RetryPolicy<Object> policy = RetryPolicy.builder()
            .handleIf(this::mayPass)
            .withMaxRetries(-1)
            .withBackoff(Duration.ofMillis(100), Duration.ofSeconds(2))
            .build();

    private volatile boolean closed;

    /**
     * Retries a call.
     *
     * @throws dev.failsafe.FailsafeException with the fault when a retry cannot help, or the worker stops
     */
    <T> T call(CheckedSupplier<T> call) {
        return Failsafe.with(policy).get(call);
    }

    /** Retries as {@link #call} does, for asynchronous calls. */
    <T> T await(CheckedSupplier<CompletionStage<T>> call) {
        return call(() -> {
            try {
                return call.get().toCompletableFuture().join();
            } catch (CompletionException e) {
                throw e.getCause();
            }
        });
    }

    private boolean mayPass(Throwable fault) {
        return !closed
                && (fault instanceof RedisException
                        || fault instanceof IOException
                        || fault instanceof UncheckedIOException
                        || fault instanceof KafkaException);
    }

    @Override
    public void close() {
        closed = true;
    }
}
