package io.ruido.redis;

import static io.ruido.job.Priority.BATCH;
import static io.ruido.job.Priority.INTERACTIVE;
import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.embedded.EmbeddedRedis;
import io.ruido.job.Job;
import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import io.ruido.job.Priority;
import io.ruido.job.SampleId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is let through to Kafka when: jobs are finished one by one, in the order in which they were let through. */
class QueueTest {
    private static final int SLOTS = 4;

    /** Images that are let through at a time: those that the slots have, and four on the way. */
    private static final int WINDOW = SLOTS + 4;

    private static final Duration LEASE = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private EmbeddedRedis server;
    private Redis redis;
    private JobStore store;
    private DelayedQueue unpublished;
    private ModelRegistry models;
    private final Set<UUID> running = new LinkedHashSet<>();
    private final Map<UUID, String> owners = new HashMap<>();
    private final Map<UUID, Integer> steps = new HashMap<>();
    private final List<UUID> finished = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        server = EmbeddedRedis.start(folder, 0);
        redis = TestJobs.connect(server);
        store = new JobStore(redis, LEASE, Duration.ofMinutes(1));
        unpublished = DelayedQueue.unpublished(redis);
        models = new ModelRegistry(redis);
        done(models.serve("worker", SLOTS, List.of(TestJobs.CARD), Duration.ofHours(1)));
    }

    @AfterEach
    void stop() {
        redis.close();
        server.close();
    }

    @Test
    void aTenantThatFloodsDelaysAnotherByNoMoreThanItsShare() {
        submit("flood", 10, INTERACTIVE, 300);
        finish(20);
        submit("other", 10, INTERACTIVE, 30);

        List<String> order = finish(WINDOW + 60);

        // What was let through before it came, then turn by turn.
        assertThat(order).filteredOn("other"::equals).hasSize(30);
        for (int first = 20; first <= WINDOW + 60; first += 10) {
            assertThat(order.subList(0, first))
                    .filteredOn("other"::equals)
                    .as("of the first " + first)
                    .hasSizeGreaterThanOrEqualTo((first - WINDOW) / 2 - 1);
        }
        assertThat(finish(30)).containsOnly("flood");
    }

    @Test
    void sharesAreOfWorkAndNotOfJobs() {
        submit("long", 100, INTERACTIVE, 40);
        submit("short", 10, INTERACTIVE, 200);

        List<String> order = finish(WINDOW + 110);

        assertThat(order.subList(WINDOW, order.size()))
                .filteredOn("long"::equals)
                .hasSizeBetween(9, 11);
    }

    @Test
    void tenantsThatAlwaysHaveJobsHaveHadTheSameWorkUpToAJob() {
        Random random = new Random(7);
        List<String> tenants = List.of("a", "b", "c", "d", "e");
        submit("a", 10, INTERACTIVE, WINDOW);
        for (int i = 0; i < 60; i++) {
            tenants.forEach(tenant -> submit(tenant, random.nextInt(1, 51), INTERACTIVE, 1));
        }
        finish(WINDOW);

        Map<String, Integer> had = new HashMap<>();
        for (int i = 0; i < 200; i++) {
            finish(1).forEach(tenant -> had.merge(tenant, steps.get(finished.getLast()), Integer::sum));
            if (i >= tenants.size()) {
                assertThat(Collections.max(had.values()) - Collections.min(had.values()))
                        .as("steps had, after %d jobs: %s", i, had)
                        .isLessThanOrEqualTo(50);
            }
        }
        assertThat(had).containsOnlyKeys(tenants);
    }

    @Test
    void whoWasIdleSavesNothingUpAndWhoComesOftenGainsNothing() {
        submit("steady", 10, INTERACTIVE, 200);
        finish(100);
        int served = 0;
        for (int i = 0; i < 60; i++) {
            if (i % 2 == 0) {
                submit("one-by-one", 10, INTERACTIVE, 1);
            }
            served += finish(1).contains("one-by-one") ? 1 : 0;
        }

        assertThat(served).isBetween(60 / 2 - WINDOW, 60 / 2);
    }

    @Test
    void interactiveJobsComeFirstAndBatchJobsAreNotStarved() {
        submit("batch", 10, BATCH, 100);
        finish(10);
        submit("person", 10, INTERACTIVE, 100);

        List<String> order = finish(WINDOW + 90);

        assertThat(order.subList(WINDOW, WINDOW + 90))
                .filteredOn("batch"::equals)
                .hasSizeBetween(8, 12);
        assertThat(order.subList(0, WINDOW + 1)).contains("person");
    }

    @Test
    void aJobThatIsCancelledWhileItWaitsLeavesTheLine() {
        List<UUID> first = submit("a", 10, INTERACTIVE, WINDOW + 10);
        UUID last = first.getLast();
        assertThat(position(last)).isEqualTo(10);

        first.subList(WINDOW, WINDOW + 5).forEach(id -> done(store.cancel(id)));

        assertThat(position(last)).isEqualTo(5);
        assertThat(finish(WINDOW + 5)).hasSize(WINDOW + 5);
        assertThat(running).isEmpty();
    }

    @Test
    void aJobThatIsCancelledAfterItWasLetThroughMakesRoom() {
        List<UUID> ids = submit("a", 10, INTERACTIVE, WINDOW + 1);

        done(store.cancel(ids.getFirst()));

        assertThat(position(ids.getLast())).isNull();
        assertThat(done(unpublished.due(10))).containsExactly(ids.getLast());
        assertThat(done(unpublished.due(10))).as("another gateway").isEmpty();
    }

    @Test
    void aJobOfWhichNobodyHasAnythingIsPublishedAgain() {
        UUID id = submit("a", 10, INTERACTIVE, 1).getFirst();
        done(store.published(id));
        assertThat(done(unpublished.due(10))).isEmpty();

        // As if a while had passed.
        done(redis.text().async().zadd(RedisKeys.UNPUBLISHED, 0d, id.toString()));
        assertThat(done(unpublished.due(10))).containsExactly(id);
        assertThat(done(store.unattended(id))).as("its record was lost").isTrue();
        done(store.published(id));
        done(models.leave("worker", SLOTS, List.of(TestJobs.CARD)));
        assertThat(done(store.unattended(id))).as("there are no workers").isFalse();
        done(models.serve("worker", SLOTS, List.of(TestJobs.CARD), Duration.ofHours(1)));
        done(store.claim(new SampleId(id, 0), "worker"));
        assertThat(done(store.unattended(id))).as("a worker has it").isFalse();
        finish(1);
        assertThat(done(store.unattended(id))).as("it is over").isFalse();
        assertThat(done(redis.text().async().zcard(RedisKeys.UNPUBLISHED))).isZero();
    }

    @Test
    void aJobIsPublishedAgainWhenAWorkerHasWhatWasPublishedAfterIt() throws InterruptedException {
        List<UUID> ids = submit("a", 10, INTERACTIVE, SLOTS + 2);
        UUID lost = ids.get(SLOTS);
        for (UUID id : ids.subList(0, SLOTS)) {
            done(store.published(id));
            done(store.claim(new SampleId(id, 0), "worker"));
        }
        done(store.published(lost));
        assertThat(done(store.unattended(lost))).as("all slots have work").isFalse();

        Thread.sleep(2);
        done(store.published(ids.getLast()));
        assertThat(done(store.unattended(lost))).as("nobody has the next one").isFalse();
        done(store.claim(new SampleId(ids.getLast(), 0), "worker"));
        assertThat(done(store.unattended(lost))).as("somebody has the next one").isTrue();
    }

    @Test
    void aJobThatKafkaHasIsLookedForAfterTheTimeInWhichKafkaShouldHaveDeliveredIt() {
        UUID id = submit("a", 10, INTERACTIVE, 1).getFirst();
        done(store.published(id));
        assertThat(lookedForWithin(id)).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(30));

        SampleId image = new SampleId(id, 0);
        ClaimResult claim = done(store.claim(image, "worker"));
        assertThat(lookedForWithin(id)).isBetween(LEASE.plusSeconds(20), LEASE.plusSeconds(30));
        done(store.release(image, ((ClaimResult.Granted) claim).attempt()));
        assertThat(lookedForWithin(id))
                .as("Kafka has it again")
                .isBetween(Duration.ofSeconds(20), Duration.ofSeconds(30));
    }

    private Duration lookedForWithin(UUID id) {
        double at = done(redis.text().async().zscore(RedisKeys.UNPUBLISHED, id.toString()));
        return Duration.ofMillis((long) at - System.currentTimeMillis());
    }

    @Test
    void positionsAreThoseInWhichJobsAreLetThrough() {
        submit("flood", 10, INTERACTIVE, WINDOW + 50);
        UUID third = submit("other", 10, INTERACTIVE, 3).getLast();
        int position = position(third);

        assertThat(position).isBetween(5, 7);
        finish(position - 1);
        assertThat(position(third)).isBetween(1, 2);
        List<Integer> told =
                done(redis.text().async().xrange(RedisKeys.events(third), io.lettuce.core.Range.unbounded())).stream()
                        .map(message -> JobJson.read(message.getBody().get("event"), JobEvent.class))
                        .filter(JobEvent.Queue.class::isInstance)
                        .map(event -> ((JobEvent.Queue) event).position())
                        .toList();
        assertThat(told).startsWith(position).isSortedAccordingTo((a, b) -> b - a);
    }

    @Test
    void moreWorkersLetMoreJobsThrough() {
        List<UUID> ids = submit("a", 10, INTERACTIVE, 40);
        assertThat(position(ids.getLast())).isEqualTo(40 - WINDOW);

        done(models.serve("second", 16, List.of(TestJobs.CARD), Duration.ofHours(1)));
        done(store.admit("apples"));

        assertThat(position(ids.getLast())).isEqualTo(40 - 30);
        done(models.leave("second", 16, List.of(TestJobs.CARD)));
        assertThat(done(models.workers(List.of(TestJobs.CARD)))).containsExactly(1L);
    }

    @Test
    void aTenantsLineIsBounded() {
        SubmitOptions two = new SubmitOptions("a", 2, Optional.empty(), Optional.empty());
        submit("a", 10, INTERACTIVE, WINDOW);
        done(store.submit(TestJobs.prompt(10, BATCH), two));
        done(store.submit(TestJobs.prompt(10, INTERACTIVE), two));
        Job refused = TestJobs.prompt(10, INTERACTIVE);

        assertThat(done(store.submit(refused, two)))
                .isInstanceOfSatisfying(SubmitResult.Full.class, full -> assertThat(full.retryAfter())
                        .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(60)));
        assertThat(done(store.find(refused.jobId()))).isEmpty();
        assertThat(done(store.submit(refused, new SubmitOptions("b", 2, Optional.empty(), Optional.empty()))))
                .isInstanceOf(SubmitResult.Accepted.class);
    }

    private List<UUID> submit(String tenant, int steps, Priority priority, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> submit(tenant, TestJobs.prompt(steps, priority)))
                .toList();
    }

    private UUID submit(String tenant, Job job) {
        owners.put(job.jobId(), tenant);
        steps.put(job.jobId(), job.params().steps());
        if (done(store.submit(job, SubmitOptions.of(tenant))) instanceof SubmitResult.Accepted accepted
                && accepted.position() == null) {
            running.add(job.jobId());
        }
        return job.jobId();
    }

    /** Finishes jobs in the order in which they were let through, and tells whose they were. */
    private List<String> finish(int count) {
        List<String> order = new ArrayList<>();
        for (int i = 0; i < count && !running.isEmpty(); i++) {
            UUID id = running.iterator().next();
            running.remove(id);
            SampleId sample = new SampleId(id, 0);
            done(store.claim(sample, "worker"));
            done(store.succeed(sample, 1, "x.png", "image/png"));
            order.add(owners.get(id));
            finished.add(id);
            running.addAll(done(unpublished.due(100)));
        }
        return order;
    }

    private Integer position(UUID id) {
        return done(store.find(id)).orElseThrow().position();
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }
}
