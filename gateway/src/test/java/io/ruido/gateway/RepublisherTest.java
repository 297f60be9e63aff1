package io.ruido.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.ruido.job.Job;
import io.ruido.job.Priority;
import io.ruido.job.PromptJob;
import io.ruido.progress.JobStore;
import io.ruido.queue.JobPublisher;
import io.ruido.queue.JobSlot;
import io.ruido.queue.Topics;
import io.ruido.queue.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RepublisherTest {
    @RegisterExtension
    static final Services SERVICES = new Services(Map.of());

    private final JobStore store = SERVICES.store;

    @Test
    void aJobThatOnlyRedisKnowsIsQueuedOnceItIsOldAndAFinishedOneIsNot() throws Exception {
        Instant now = Instant.now();
        Job lost = job(now.minusSeconds(60));
        Job cancelled = job(now.minusSeconds(60));
        Job recent = job(now.minusSeconds(5));
        for (Job job : List.of(lost, cancelled, recent)) {
            store.submit(job).toCompletableFuture().join();
        }
        store.cancel(cancelled.jobId()).toCompletableFuture().join();

        BlockingQueue<UUID> queued = new LinkedBlockingQueue<>();
        try (JobPublisher publisher = new JobPublisher(SERVICES.config.kafka());
                JobSlot _ = slot(publisher, queued)) {
            Submitter submitter = new Submitter(store, publisher, new SimpleMeterRegistry(), Runnable::run);
            Republisher republisher =
                    new Republisher(store, submitter, InstantSource.fixed(now), Duration.ofSeconds(30));
            republisher.run().toCompletableFuture().join();
            republisher.run().toCompletableFuture().join();

            assertThat(queued.poll(20, TimeUnit.SECONDS)).isEqualTo(lost.jobId());
            assertThat(queued.poll(1, TimeUnit.SECONDS)).isNull();
        }
        assertThat(store.unpublishedBefore(now, 10).toCompletableFuture().join())
                .containsExactly(recent.jobId());
    }

    private static JobSlot slot(JobPublisher publisher, BlockingQueue<UUID> queued) {
        return new JobSlot(
                SERVICES.config.kafka(),
                Topics.PROMPT_GROUP,
                List.of(Topics.PROMPT),
                publisher,
                job -> {
                    queued.add(job.jobId());
                    return new Verdict.Accept();
                },
                (id, reason) -> {});
    }

    private static Job job(Instant submittedAt) {
        return new PromptJob(
                UUID.randomUUID(), "a red apple", "", 1, Services.APPLES.defaults(), Priority.INTERACTIVE, submittedAt);
    }
}
