package io.ruido.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.Range;
import io.ruido.job.Job;
import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.SampleId;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * One job to which clients, workers and time do whatever comes into their heads, in any order: workers also with attempts
 * that they lost long ago. Each answer is held against what is known to be true.
 */
final class RandomJob {
    private static final int ACTIONS = 60;
    private static final int MAX_IMAGES = 3;
    private static final int STEPS = 20;

    private final JobStore store;
    private final Checkpoints checkpoints;
    private final Redis redis;
    private final Duration lease;
    private final Random random;
    private final Job job;
    private final SubmitOptions options;
    private final Instant expiresAt;
    private final List<Image> images;

    /** The terminal state that the job is known to have, or null. */
    private JobState over;

    private boolean published;

    /** What is known of an image. */
    private static final class Image {
        final SampleId id;
        int newest;
        int step;
        int saved;
        boolean succeeded;
        Instant ownedAtLeastUntil = Instant.MIN;

        Image(SampleId id) {
            this.id = id;
        }
    }

    RandomJob(JobStore store, Redis redis, Duration lease, long seed) {
        this.store = store;
        this.checkpoints = new Checkpoints(redis, Duration.ofMinutes(1));
        this.redis = redis;
        this.lease = lease;
        this.random = new Random(seed);
        this.job = TestJobs.prompt(1 + random.nextInt(MAX_IMAGES));
        this.images = IntStream.range(0, job.images())
                .mapToObj(i -> new Image(new SampleId(job.jobId(), i)))
                .toList();
        Optional<Duration> expiresIn =
                random.nextInt(3) == 0 ? Optional.of(Duration.ofMillis(1 + random.nextInt(60))) : Optional.empty();
        this.options = new SubmitOptions("tenant-" + random.nextInt(3), 10_000, expiresIn, Optional.empty());
        this.expiresAt = ((SubmitResult.Accepted) done(store.submit(job, options))).expiresAt();
    }

    void run() throws InterruptedException {
        for (int i = 0; i < ACTIONS; i++) {
            act(images.get(random.nextInt(images.size())));
        }
        if (over == null) {
            cancel();
        }
        checkEnd();
    }

    private void act(Image image) throws InterruptedException {
        int attempt = image.newest == 0 ? 1 : 1 + random.nextInt(image.newest);
        // Mostly the worker that has it.
        int token = random.nextInt(4) == 0 ? attempt : Math.max(1, image.newest);
        switch (random.nextInt(20)) {
            case 0, 1, 2, 3 -> claim(image);
            case 4, 5, 6 -> step(image, token, Math.min(STEPS, image.step + 1));
            case 7 -> decode(image, token);
            case 8 -> change(image, token, () -> store.renew(image.id, token), true);
            case 9 -> change(image, token, () -> store.release(image.id, token), false);
            case 10, 11 -> succeed(image, token);
            case 12 -> whole(() -> store.encode(job.jobId()), null);
            case 13 -> whole(() -> store.expire(job.jobId()), null);
            case 14 -> Thread.sleep(random.nextInt(2 * (int) lease.toMillis()));
            case 15 -> save(image);
            case 16 -> dispatch();
            case 17 -> submitAgain();
            case 18 -> look();
            default -> {
                switch (random.nextInt(8)) {
                    case 0 -> cancel();
                    case 1 -> whole(() -> store.fail(job.jobId(), "because"), JobState.FAILED);
                    default -> claim(image);
                }
            }
        }
    }

    private void claim(Image image) {
        Instant before = Instant.now();
        ClaimResult claim = done(store.claim(image.id, "worker"));
        Instant after = Instant.now();
        switch (claim) {
            case ClaimResult.Granted(int attempt) -> {
                assertLive(before);
                assertThat(image.succeeded).isFalse();
                assertThat(attempt).as("attempts have no gap").isEqualTo(image.newest + 1);
                assertThat(image.ownedAtLeastUntil).as("one owner").isBeforeOrEqualTo(after);
                image.newest = attempt;
                image.step = 0;
                image.ownedAtLeastUntil = before.truncatedTo(ChronoUnit.MILLIS).plus(lease);
                resume(image);
            }
            case ClaimResult.Owned(Duration left) -> {
                assertLive(before);
                assertThat(left).isBetween(Duration.ofMillis(1), lease);
            }
            case ClaimResult.Finished(JobState state) -> {
                if (!(image.succeeded && state == JobState.SUCCEEDED)) {
                    assertOver(state, after);
                }
            }
            case ClaimResult.Unknown unknown -> throw new AssertionError("the job is unknown");
        }
    }

    /** A worker goes on from where an earlier one, which may still be at it, has saved the image. */
    private void resume(Image image) {
        int saved = done(checkpoints.get(image.id)).map(state -> (int) state[0]).orElse(0);
        assertThat(saved).as("the last saved step").isEqualTo(image.saved);
        if (saved > 0) {
            step(image, image.newest, saved);
        }
    }

    private void save(Image image) {
        done(checkpoints.put(image.id, new byte[] {(byte) image.step}));
        image.saved = image.step;
    }

    private void step(Image image, int token, int step) {
        if (change(image, token, () -> store.step(image.id, token, step, STEPS, ""), true)) {
            image.step = step;
        }
    }

    private void decode(Image image, int token) {
        if (change(image, token, () -> store.decode(image.id, token), true)) {
            image.step = STEPS;
        }
    }

    /** What a gateway does that finds the job among those that Kafka may not have. */
    private void dispatch() {
        Instant before = Instant.now();
        boolean first = !published;
        boolean unattended = done(store.unattended(job.jobId()));
        if (over == null && first && (expiresAt == null || Instant.now().isBefore(expiresAt))) {
            assertThat(unattended).as("to be published").isTrue();
        }
        if (unattended) {
            assertLive(before);
            assertThat(images)
                    .as("published again while a worker has it")
                    .allMatch(image -> first || !image.ownedAtLeastUntil.isAfter(Instant.now()));
            whole(() -> store.published(job.jobId()), null);
            published = true;
        }
    }

    /** A client that did not get its answer. */
    private void submitAgain() {
        assertThat(done(store.submit(job, options))).isEqualTo(new SubmitResult.Known(job.jobId()));
    }

    /** A client that asks how far it is. */
    private void look() {
        JobStatus status = done(store.find(job.jobId())).orElseThrow();
        if (over != null) {
            assertThat(status.state()).isEqualTo(over);
        }
        for (Image image : images) {
            JobStatus.Image seen = status.images().get(image.id.index());
            assertThat(List.of(seen.attempt(), seen.step()))
                    .as("attempt and step")
                    .containsExactly(image.newest, image.step);
            assertThat(seen.state() == JobState.SUCCEEDED).as("has its result").isEqualTo(image.succeeded);
        }
    }

    private boolean change(Image image, int token, Call call, boolean keeps) {
        Instant before = Instant.now();
        boolean applied = applied(image, token, before, call);
        if (applied) {
            image.ownedAtLeastUntil =
                    keeps ? before.truncatedTo(ChronoUnit.MILLIS).plus(lease) : Instant.MIN;
        }
        return applied;
    }

    private void succeed(Image image, int token) {
        if (applied(image, token, Instant.now(), () -> store.succeed(image.id, token, "key", "image/png"))) {
            image.succeeded = true;
            if (images.stream().allMatch(each -> each.succeeded)) {
                over = JobState.SUCCEEDED;
            }
        }
    }

    /** Only the newest attempt changes anything, and only until the image has its result. */
    private boolean applied(Image image, int token, Instant before, Call call) {
        ChangeResult change = done(call.make());
        switch (change) {
            case ChangeResult.Done done -> {
                assertLive(before);
                assertThat(token).as("fencing").isEqualTo(image.newest);
                assertThat(image.succeeded).as("one result").isFalse();
            }
            case ChangeResult.Lost lost ->
                assertThat(token != image.newest || image.succeeded)
                        .as("the owner was refused")
                        .isTrue();
            case ChangeResult.Finished(JobState state) -> assertOver(state, Instant.now());
            case ChangeResult.Unknown unknown -> throw new AssertionError("the job is unknown");
        }
        return change instanceof ChangeResult.Done;
    }

    private void cancel() {
        whole(() -> store.cancel(job.jobId()), JobState.CANCELLED);
    }

    private void whole(Call call, JobState becomes) {
        Instant before = Instant.now();
        switch (done(call.make())) {
            case ChangeResult.Done done -> {
                assertLive(before);
                over = becomes;
            }
            case ChangeResult.Finished(JobState state) -> assertOver(state, Instant.now());
            case ChangeResult.Lost lost -> throw new AssertionError("a whole job cannot be lost");
            case ChangeResult.Unknown unknown -> throw new AssertionError("the job is unknown");
        }
    }

    private void assertLive(Instant asked) {
        assertThat(over).as("a terminal state stays").isNull();
        if (expiresAt != null) {
            assertThat(asked).as("changed after its deadline").isBeforeOrEqualTo(expiresAt);
        }
    }

    private void assertOver(JobState state, Instant answered) {
        if (over == null) {
            assertThat(state).isEqualTo(JobState.EXPIRED);
            assertThat(answered).as("expired before its deadline").isAfterOrEqualTo(expiresAt);
            over = state;
        }
        assertThat(state).as("a terminal state never changes").isEqualTo(over);
    }

    private void checkEnd() {
        JobStatus status = done(store.find(job.jobId())).orElseThrow();
        List<JobEvent> events =
                done(redis.text().async().xrange(RedisKeys.events(job.jobId()), Range.unbounded())).stream()
                        .map(message -> JobJson.read(message.getBody().get("event"), JobEvent.class))
                        .toList();
        assertThat(status.state()).isEqualTo(over);
        assertThat(events)
                .extracting(JobEvent::number)
                .as("no gap")
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, status.lastEvent()).boxed().toList());
        assertThat(events).as("one end").filteredOn(JobEvent::last).containsExactly(events.getLast());
        List<Integer> results = new ArrayList<>();
        for (JobEvent event : events) {
            if (event instanceof JobEvent.Result result) {
                results.add(result.index());
            }
        }
        assertThat(results)
                .as("one result of each image that succeeded")
                .containsExactlyInAnyOrderElementsOf(images.stream()
                        .filter(image -> image.succeeded)
                        .map(image -> image.id.index())
                        .toList());
        assertThat(status.images()).allSatisfy(image -> assertThat(image.state())
                .isEqualTo(images.get(image.index()).succeeded ? JobState.SUCCEEDED : over));
    }

    @FunctionalInterface
    private interface Call {
        CompletionStage<ChangeResult> make();
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
    }
}
