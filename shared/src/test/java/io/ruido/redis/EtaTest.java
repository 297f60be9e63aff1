package io.ruido.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ruido.embedded.EmbeddedRedis;
import io.ruido.job.Job;
import io.ruido.job.JobStatus;
import io.ruido.job.Priority;
import io.ruido.job.SampleId;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Slots that sleep instead of denoising, under a mixed load: what is said of a job's end against when it came. A step of a
 * small image takes as long as one of a large one, as it does where slots take turns.
 */
class EtaTest {
    private static final int SLOTS = 4;
    private static final int WARM_UP = 20;
    private static final int JOBS = 40;
    private static final Duration STEP = Duration.ofMillis(12);
    private static final Duration GAP = Duration.ofMillis(40);

    private record Forecast(UUID id, Instant at, Instant eta) {}

    private final BlockingQueue<UUID> letThrough = new LinkedBlockingQueue<>();
    private JobStore store;
    private DelayedQueue unpublished;

    @Test
    void aForecastIsTrueWithinAFactorOfTwo(@TempDir Path folder) throws Exception {
        try (EmbeddedRedis server = EmbeddedRedis.start(folder, 0);
                Redis redis = TestJobs.connect(server);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            store = new JobStore(redis, Duration.ofSeconds(30), Duration.ofMinutes(1));
            unpublished = DelayedQueue.unpublished(redis);
            done(new ModelRegistry(redis).serve("worker", SLOTS, List.of(TestJobs.CARD), Duration.ofHours(1)));
            threads.submit(this::dispatch);
            for (int i = 0; i < SLOTS; i++) {
                threads.submit(this::work);
            }
            Random random = new Random(7);
            submit(WARM_UP, random).forEach(warmUp -> finishedAt(warmUp.id));

            List<Double> ratios = submit(JOBS, random).stream()
                    .map(forecast -> seconds(forecast.at, forecast.eta) / seconds(forecast.at, finishedAt(forecast.id)))
                    .toList();
            threads.shutdownNow();

            assertThat(ratios)
                    .filteredOn(ratio -> ratio >= 0.5 && ratio <= 2)
                    .as(ratios::toString)
                    .hasSizeGreaterThanOrEqualTo(JOBS * 9 / 10);
        }
    }

    /** Jobs of many steps and sizes, two tenants and both priorities, that come at random times. */
    private List<Forecast> submit(int count, Random random) throws InterruptedException {
        List<Forecast> forecasts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Priority priority = i % 4 == 0 ? Priority.BATCH : Priority.INTERACTIVE;
            Job job = TestJobs.prompt(10 + random.nextInt(41), 64 * (1 + random.nextInt(4)), priority);
            SubmitOptions options = SubmitOptions.of(random.nextInt(3) == 0 ? "small" : "large");
            SubmitResult.Accepted accepted = (SubmitResult.Accepted) done(store.submit(job, options));
            if (accepted.position() == null) {
                letThrough.add(job.jobId());
            }
            forecasts.add(new Forecast(job.jobId(), Instant.now(), accepted.eta()));
            Thread.sleep((long) (-Math.log(1 - random.nextDouble()) * GAP.toMillis()));
        }
        return forecasts;
    }

    private Instant finishedAt(UUID id) {
        return await().until(() -> status(id).finishedAt(), Objects::nonNull);
    }

    private static double seconds(Instant from, Instant to) {
        return Duration.between(from, to).toMillis() / 1e3;
    }

    private Void dispatch() throws InterruptedException {
        while (!Thread.interrupted()) {
            letThrough.addAll(done(unpublished.due(100)));
            Thread.sleep(2);
        }
        return null;
    }

    private Void work() throws InterruptedException {
        while (true) {
            UUID id = letThrough.take();
            SampleId sample = new SampleId(id, 0);
            int steps = status(id).job().params().steps();
            done(store.claim(sample, "worker"));
            // In one piece: a busy machine wakes sleepers late, and must not make the steps longer than they were.
            Thread.sleep(STEP.multipliedBy(steps));
            done(store.succeed(sample, 1, "x.png", "image/png"));
        }
    }

    private JobStatus status(UUID id) {
        return done(store.find(id)).orElseThrow();
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }
}
