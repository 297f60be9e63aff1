package io.ruido.standalone;

import com.fasterxml.uuid.Generators;
import io.ruido.config.RuidoConfig;
import io.ruido.job.InvalidFieldException;
import io.ruido.job.Job;
import io.ruido.job.JobStatus;
import io.ruido.kafka.DeadLetter;
import io.ruido.kafka.JobPublisher;
import io.ruido.redis.JobStore;
import io.ruido.redis.Redis;
import io.ruido.redis.SubmitOptions;
import io.ruido.redis.SubmitResult;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * Resubmits dead letters as new jobs, because a terminal state never changes. A letter that is replayed twice becomes
 * one job.
 */
final class Replay implements AutoCloseable {
    private static final long SECONDS = 30;

    private final RuidoConfig config;
    private final Redis redis;
    private final JobPublisher publisher;
    private final JobStore store;

    Replay(RuidoConfig config) {
        this.config = config;
        this.redis = Redis.connect(config.redis());
        this.publisher = new JobPublisher(config.kafka());
        this.store = new JobStore(redis, config.jobs().lease(), config.jobs().retention());
    }

    /**
     * @return the id of the new job
     * @throws IOException when neither the record nor Redis has the job
     */
    UUID replay(DeadLetter letter) throws IOException {
        Optional<JobStatus> failed = failed(letter);
        Job again = asked(letter, failed)
                .again(
                        Generators.timeBasedEpochGenerator().generate(),
                        Instant.now().truncatedTo(ChronoUnit.MILLIS));
        SubmitOptions.Key key = new SubmitOptions.Key(
                "dead-letter " + letter.id(), "replay", config.jobs().retention());
        SubmitOptions terms = new SubmitOptions(
                failed.map(JobStatus::tenant).orElse(SubmitOptions.DEFAULT_TENANT),
                Integer.MAX_VALUE,
                Optional.empty(),
                Optional.of(key));
        return switch (await(store.submit(again, terms))) {
            case SubmitResult.Accepted accepted -> {
                if (accepted.position() == null) {
                    await(publisher.publish(again));
                    await(store.published(again.jobId()));
                }
                yield again.jobId();
            }
            case SubmitResult.Known(UUID id) -> id;
            case SubmitResult.KeyReused reused -> throw new IllegalStateException("the key is used only here");
            case SubmitResult.Full full -> throw new IllegalStateException("there was no limit");
        };
    }

    private Optional<JobStatus> failed(DeadLetter letter) {
        try {
            return letter.jobId() == null ? Optional.empty() : await(store.find(UUID.fromString(letter.jobId())));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Returns the whole job, because the failure of one image fails the job. */
    private static Job asked(DeadLetter letter, Optional<JobStatus> failed) throws IOException {
        try {
            return failed.isPresent() ? failed.get().job() : letter.job();
        } catch (InvalidFieldException e) {
            throw new IOException(
                    "dead letter %s cannot be replayed: Redis does not know its job, and %s"
                            .formatted(letter.id(), e.getMessage()),
                    e);
        }
    }

    private static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(SECONDS, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        publisher.close();
        redis.close();
    }
}
