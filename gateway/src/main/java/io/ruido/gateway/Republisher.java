package io.ruido.gateway;

import io.ruido.progress.JobStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes jobs that Redis knows but Kafka may not, because a gateway died between the two. A job that Kafka had all
 * the same comes to the workers twice and runs once.
 */
final class Republisher {
    private static final Logger log = LoggerFactory.getLogger(Republisher.class);
    private static final int AT_A_TIME = 100;

    private final JobStore store;
    private final Submitter submitter;
    private final InstantSource clock;
    private final Duration age;

    /** @param age from which on a job is no longer just being published */
    Republisher(JobStore store, Submitter submitter, InstantSource clock, Duration age) {
        this.store = store;
        this.submitter = submitter;
        this.clock = clock;
        this.age = age;
    }

    /** Never fails: what could not be done is tried again the next time. */
    CompletionStage<Void> run() {
        return store.unpublishedBefore(clock.instant().minus(age), AT_A_TIME)
                .thenCompose(this::republish)
                .exceptionally(error -> {
                    log.warn("jobs could not be published again ({}); trying again later", error.toString());
                    return null;
                });
    }

    private CompletionStage<Void> republish(List<UUID> ids) {
        return CompletableFuture.allOf(
                ids.stream().map(id -> republish(id).toCompletableFuture()).toArray(CompletableFuture<?>[]::new));
    }

    private CompletionStage<Void> republish(UUID id) {
        return store.find(id).thenCompose(found -> {
            if (found.isEmpty() || found.get().state().terminal()) {
                return store.published(id);
            }
            log.info("job {} was accepted, but perhaps not queued; queueing it again", id);
            return submitter.publish(found.get().job());
        });
    }
}
