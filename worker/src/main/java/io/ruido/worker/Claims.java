package io.ruido.worker;

import io.ruido.job.SamplingJob;
import io.ruido.redis.ChangeResult;
import io.ruido.redis.Checkpoints;
import io.ruido.redis.ClaimResult;
import io.ruido.redis.JobStore;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The images that this worker has claimed. */
final class Claims {
    private static final Logger log = LoggerFactory.getLogger(Claims.class);

    private final String worker;
    private final JobStore store;
    private final Checkpoints checkpoints;
    private final Retry retry;
    private final ScheduledExecutorService clock;
    private final Duration renewEvery;

    /** @param renewEvery time between renewals, well below the lease */
    Claims(
            String worker,
            JobStore store,
            Checkpoints checkpoints,
            Retry retry,
            ScheduledExecutorService clock,
            Duration renewEvery) {
        this.worker = worker;
        this.store = store;
        this.checkpoints = checkpoints;
        this.retry = retry;
        this.clock = clock;
        this.renewEvery = renewEvery;
    }

    ClaimResult claim(SamplingJob job) {
        return retry.await(() -> store.claim(job.id(), worker));
    }

    /** Returns the state that an earlier attempt saved. */
    Optional<byte[]> saved(SamplingJob job) {
        return retry.await(() -> checkpoints.get(job.id()));
    }

    /**
     * Renews the lease of an image until the result is closed, also while the image waits for its turn or for a server.
     *
     * @param ifOver called when the job is over or another attempt has begun
     */
    Held hold(SamplingJob job, int attempt, Runnable ifOver) {
        return new Held(job, attempt, ifOver);
    }

    /** An image that this worker owns until this is closed. */
    final class Held implements AutoCloseable {
        private final SamplingJob job;
        private final int attempt;
        private final Runnable ifOver;
        private final ScheduledFuture<?> heartbeat;

        private Held(SamplingJob job, int attempt, Runnable ifOver) {
            this.job = job;
            this.attempt = attempt;
            this.ifOver = ifOver;
            long millis = renewEvery.toMillis();
            this.heartbeat = clock.scheduleAtFixedRate(this::renew, millis, millis, TimeUnit.MILLISECONDS);
        }

        /** Never throws: that would end all later renewals too. */
        private void renew() {
            try {
                watch(store.renew(job.id(), attempt));
            } catch (RuntimeException e) {
                log.warn("image {}: cannot renew its lease; trying again", job.id(), e);
            }
        }

        /**
         * Reports a step; never blocks. While Redis is unavailable steps are not reported; the next report has the
         * current step.
         */
        void step(int step, int steps, String preview) {
            watch(store.step(job.id(), attempt, step, steps, preview));
        }

        /** Saves the image's state; never blocks. While Redis is unavailable an earlier state stays saved. */
        void save(byte[] state) {
            checkpoints.put(job.id(), state);
        }

        /** Deletes the saved state, because the image needs no other attempt. */
        void forget() {
            checkpoints.forget(job.id());
        }

        /** Lets another worker resume here at once, or at an earlier step if this one cannot be saved. */
        void giveBack(byte[] state) {
            try {
                checkpoints.put(job.id(), state).toCompletableFuture().join();
            } catch (CompletionException e) {
                log.warn("image {}: cannot save its last steps: {}", job.id(), e.toString());
            }
            watch(store.giveBack(job.id(), attempt));
        }

        /** Lets another worker claim the image at once. If Redis is unavailable, the lease expires by itself. */
        void release() {
            watch(store.release(job.id(), attempt));
        }

        private void watch(CompletionStage<ChangeResult> told) {
            told.thenAccept(change -> {
                if (!(change instanceof ChangeResult.Done)) {
                    ifOver.run();
                }
            });
        }

        @Override
        public void close() {
            heartbeat.cancel(false);
        }
    }
}
