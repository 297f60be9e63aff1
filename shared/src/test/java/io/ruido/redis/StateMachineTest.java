package io.ruido.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.embedded.EmbeddedRedis;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What must hold in whatever order things happen: many random jobs at once that share a line and a few slots. */
class StateMachineTest {
    private static final Duration LEASE = Duration.ofMillis(5);
    private static final Duration TIME = Duration.ofSeconds(5);
    private static final int AT_ONCE = 8;
    private static final int SLOTS = 4;

    @Test
    void noOrderOfEventsBreaksAJobOrTheQueue(@TempDir Path folder) throws Exception {
        try (EmbeddedRedis server = EmbeddedRedis.start(folder, 0);
                Redis redis = TestJobs.connect(server)) {
            JobStore store = new JobStore(redis, LEASE, Duration.ofMinutes(1));
            ModelRegistry models = new ModelRegistry(redis);
            await(models.serve("worker", SLOTS, List.of(TestJobs.CARD), Duration.ofHours(1)));
            // Another one each time; the one that failed is told.
            AtomicLong seeds = new AtomicLong(System.currentTimeMillis());
            long end = System.nanoTime() + TIME.toNanos();

            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<?>> all = new ArrayList<>();
                for (int i = 0; i < AT_ONCE; i++) {
                    all.add(threads.submit(() -> {
                        while (System.nanoTime() < end) {
                            run(store, redis, seeds.getAndIncrement());
                        }
                        return null;
                    }));
                }
                for (Future<?> one : all) {
                    one.get();
                }
            }

            assertThat(redis.text().sync().scard("ruido:queue:apples:admitted"))
                    .as("nothing keeps a place that is over")
                    .isZero();
            assertThat(redis.text().sync().hget("ruido:queue:apples:figures", "load"))
                    .isEqualTo("0");
            assertThat(redis.text().sync().hvals("ruido:queue:apples:backlog")).containsOnly("0");
        }
    }

    private static void run(JobStore store, Redis redis, long seed) throws InterruptedException {
        try {
            new RandomJob(store, redis, LEASE, seed).run();
        } catch (AssertionError e) {
            throw new AssertionError("with the seed " + seed + ": " + e.getMessage(), e);
        }
    }

    private static void await(CompletionStage<?> stage) {
        stage.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
    }
}
