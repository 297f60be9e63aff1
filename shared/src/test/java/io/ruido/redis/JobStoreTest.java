package io.ruido.redis;

import static io.ruido.job.JobState.CANCELLED;
import static io.ruido.job.JobState.DECODING;
import static io.ruido.job.JobState.ENCODING;
import static io.ruido.job.JobState.EXPIRED;
import static io.ruido.job.JobState.FAILED;
import static io.ruido.job.JobState.QUEUED;
import static io.ruido.job.JobState.SAMPLING;
import static io.ruido.job.JobState.SUCCEEDED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ruido.embedded.EmbeddedRedis;
import io.ruido.job.Job;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.PromptJob;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingJob;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JobStoreTest {
    private static final Duration RETENTION = Duration.ofMinutes(1);

    private static EmbeddedRedis server;
    private static Redis redis;
    private static JobStore store;

    @BeforeAll
    static void start(@TempDir Path folder) throws IOException {
        server = EmbeddedRedis.start(folder, 0);
        redis = TestJobs.connect(server);
        store = store(Duration.ofSeconds(30));
        done(new ModelRegistry(redis).serve("worker", 10_000, List.of(TestJobs.CARD), Duration.ofHours(1)));
    }

    private static JobStore store(Duration lease) {
        return new JobStore(redis, lease, RETENTION);
    }

    @AfterAll
    static void stop() {
        redis.close();
        server.close();
    }

    @Test
    void aJobGoesFromQueuedToSucceededAndEachChangeIsAnEvent() {
        Job job = submitted(2);
        SampleId first = new SampleId(job.jobId(), 0);
        SampleId second = new SampleId(job.jobId(), 1);
        List<JobState> states = new ArrayList<>();
        states.add(state(job));
        done(store.encode(job.jobId()));
        states.add(state(job));
        int attempt = granted(first);
        states.add(state(job));
        assertThat(granted(second)).isEqualTo(attempt).isEqualTo(1);
        assertThat(done(store.step(first, 1, 1, 1, "data:,preview"))).isEqualTo(new ChangeResult.Done());
        done(store.decode(first, 1));
        states.add(state(job));
        done(store.decode(second, 1));
        states.add(state(job));
        done(store.succeed(first, 1, "a.png", "image/png"));
        states.add(state(job));
        done(store.succeed(second, 1, "b.png", "image/png"));
        states.add(state(job));

        assertThat(states).containsExactly(QUEUED, ENCODING, SAMPLING, SAMPLING, DECODING, DECODING, SUCCEEDED);
        JobStatus status = status(job);
        assertThat(status.job()).isEqualTo(job);
        assertThat(status.images()).extracting(JobStatus.Image::key).containsExactly("a.png", "b.png");
        assertThat(status.images().getFirst())
                .isEqualTo(new JobStatus.Image(0, SUCCEEDED, 20, "worker", 1, "a.png", "image/png"));
        assertThat(status.finishedAt()).isAfterOrEqualTo(status.startedAt());
        assertThat(status.error()).isNull();
        // State 5 times; image twice sampling, decoding, succeeded; one step; two results.
        assertThat(status.lastEvent()).isEqualTo(5 + 6 + 1 + 2);
    }

    @Test
    void aJobIsSubmittedOnce() {
        Job job = submitted(1);

        assertThat(done(store.submit(job))).isEqualTo(new SubmitResult.Known(job.jobId()));
        assertThat(status(job).lastEvent()).isEqualTo(1);
    }

    @Test
    void anImageHasOneOwnerUntilItsLeaseIsOver() throws InterruptedException {
        JobStore shortLease = store(Duration.ofMillis(300));
        SampleId sample = new SampleId(submitted(1).jobId(), 0);
        assertThat(done(shortLease.claim(sample, "first"))).isEqualTo(new ClaimResult.Granted(1));

        ClaimResult second = done(shortLease.claim(sample, "second"));

        assertThat(second).isInstanceOfSatisfying(ClaimResult.Owned.class, owned -> assertThat(owned.lease())
                .isBetween(Duration.ofMillis(1), Duration.ofMillis(300)));
        Thread.sleep(((ClaimResult.Owned) second).lease().plusMillis(5));
        assertThat(done(shortLease.claim(sample, "second"))).isEqualTo(new ClaimResult.Granted(2));
    }

    @Test
    void aLeaseEndsInTimeAlthoughTheClockIsSetBack() throws InterruptedException {
        JobStore beforeThat = store(Duration.ofHours(1));
        Duration lease = Duration.ofMillis(300);
        JobStore shortLease = store(lease);
        SampleId sample = new SampleId(submitted(1).jobId(), 0);
        assertThat(done(beforeThat.claim(sample, "first"))).isEqualTo(new ClaimResult.Granted(1));

        assertThat(done(shortLease.claim(sample, "second"))).isEqualTo(new ClaimResult.Owned(lease));
        Thread.sleep(lease.plusMillis(10));
        assertThat(done(shortLease.claim(sample, "second"))).isEqualTo(new ClaimResult.Granted(2));
    }

    @Test
    void progressExtendsTheLease() throws InterruptedException {
        JobStore shortLease = store(Duration.ofMillis(400));
        SampleId sample = new SampleId(submitted(1).jobId(), 0);
        done(shortLease.claim(sample, "first"));
        Thread.sleep(250);
        done(shortLease.step(sample, 1, 1, 20, ""));
        Thread.sleep(250);
        done(shortLease.renew(sample, 1));
        Thread.sleep(250);

        assertThat(done(shortLease.claim(sample, "second"))).isInstanceOf(ClaimResult.Owned.class);
    }

    @Test
    void aWorkerThatWasGivenUpCannotWriteOverItsSuccessor() {
        Job job = submitted(1);
        SampleId sample = new SampleId(job.jobId(), 0);
        granted(sample);
        done(store.release(sample, 1));
        assertThat(granted(sample)).isEqualTo(2);
        long events = status(job).lastEvent();

        assertThat(List.of(
                        done(store.step(sample, 1, 5, 20, "")),
                        done(store.decode(sample, 1)),
                        done(store.renew(sample, 1)),
                        done(store.release(sample, 1)),
                        done(store.succeed(sample, 1, "late.png", "image/png"))))
                .containsOnly(new ChangeResult.Lost());
        assertThat(status(job).lastEvent()).isEqualTo(events);
        assertThat(done(store.succeed(sample, 2, "right.png", "image/png"))).isEqualTo(new ChangeResult.Done());
        assertThat(status(job).images().getFirst().key()).isEqualTo("right.png");
    }

    @Test
    void anAttemptThatWasGivenBackInGoodOrderDoesNotCountAsOneThatFailed() {
        PromptJob job = submitted(1);
        SampleId sample = new SampleId(job.jobId(), 0);
        SamplingJob image = job.fanOut("conditioning").findFirst().orElseThrow();
        assertThat(List.of(done(store.begun(job)), done(store.begun(image)))).containsExactly(0, 0);

        done(store.encode(job.jobId()));
        done(store.encode(job.jobId()));
        granted(sample);
        done(store.release(sample, 1));
        granted(sample);
        done(store.giveBack(sample, 2));

        assertThat(List.of(done(store.begun(job)), done(store.begun(image)))).containsExactly(2, 1);
    }

    @Test
    void aReleasedImageCanBeClaimedAtOnceAndBeginsAgain() {
        Job job = submitted(1);
        SampleId sample = new SampleId(job.jobId(), 0);
        granted(sample);
        done(store.step(sample, 1, 7, 20, ""));

        done(store.release(sample, 1));

        assertThat(status(job).images().getFirst().state()).isEqualTo(QUEUED);
        assertThat(granted(sample)).isEqualTo(2);
        assertThat(status(job).images().getFirst().step()).isZero();
    }

    @Test
    void aDecodedImageHasMadeAllStepsAlsoThoseThatNobodyWasToldOf() {
        Job job = submitted(1);
        SampleId sample = new SampleId(job.jobId(), 0);
        granted(sample);
        done(store.step(sample, 1, 7, 20, ""));

        done(store.decode(sample, 1));

        assertThat(status(job).images().getFirst().step()).isEqualTo(20);
    }

    @Test
    void aFinishedImageIsNotRunAgain() {
        Job job = submitted(2);
        SampleId sample = new SampleId(job.jobId(), 0);
        granted(sample);
        done(store.succeed(sample, 1, "a.png", "image/png"));

        assertThat(done(store.claim(sample, "again"))).isEqualTo(new ClaimResult.Finished(SUCCEEDED));
        assertThat(done(store.succeed(sample, 1, "twice.png", "image/png"))).isEqualTo(new ChangeResult.Lost());
        assertThat(state(job)).isEqualTo(SAMPLING);
    }

    @ParameterizedTest
    @EnumSource(
            value = JobState.class,
            names = {"SUCCEEDED", "FAILED", "CANCELLED"})
    void aTerminalStateNeverChanges(JobState terminal) {
        Job job = submitted(1);
        UUID id = job.jobId();
        SampleId sample = new SampleId(id, 0);
        granted(sample);
        switch (terminal) {
            case FAILED -> done(store.fail(id, "no memory"));
            case CANCELLED -> done(store.cancel(id));
            default -> done(store.succeed(sample, 1, "a.png", "image/png"));
        }
        JobStatus before = status(job);

        assertThat(List.of(
                        done(store.encode(id)),
                        done(store.step(sample, 1, 2, 20, "")),
                        done(store.decode(sample, 1)),
                        done(store.renew(sample, 1)),
                        done(store.release(sample, 1)),
                        done(store.succeed(sample, 1, "b.png", "image/png")),
                        done(store.fail(id, "late")),
                        done(store.cancel(id))))
                .containsOnly(new ChangeResult.Finished(terminal));
        assertThat(done(store.claim(sample, "late"))).isEqualTo(new ClaimResult.Finished(terminal));
        assertThat(status(job)).isEqualTo(before);
        assertThat(before.state()).isEqualTo(terminal);
    }

    @Test
    void imagesThatHaveNoResultShareTheFateOfTheJob() {
        Job job = submitted(2);
        SampleId done = new SampleId(job.jobId(), 0);
        granted(done);
        done(store.succeed(done, 1, "a.png", "image/png"));

        done(store.fail(job.jobId(), "no memory"));

        assertThat(status(job).images()).extracting(JobStatus.Image::state).containsExactly(SUCCEEDED, FAILED);
        assertThat(status(job).error()).isEqualTo("no memory");
    }

    @Test
    void aCancelledJobHasNoError() {
        Job job = submitted(1);

        done(store.cancel(job.jobId()));

        assertThat(status(job).error()).isNull();
        assertThat(status(job).images().getFirst().state()).isEqualTo(CANCELLED);
    }

    @Test
    void aJobThatNobodySubmittedIsUnknown() {
        UUID nobody = UUID.randomUUID();

        assertThat(done(store.find(nobody))).isEmpty();
        assertThat(done(store.cancel(nobody))).isEqualTo(new ChangeResult.Unknown());
        assertThat(done(store.claim(new SampleId(nobody, 0), "w"))).isEqualTo(new ClaimResult.Unknown());
        assertThat(done(store.claim(new SampleId(submitted(1).jobId(), 1), "w")))
                .isEqualTo(new ClaimResult.Unknown());
    }

    @Test
    void aKeyThatWasUsedGivesItsJobOrIsRefusedForAnother() {
        Job first = TestJobs.prompt(1);
        Job second = TestJobs.prompt(1);
        SubmitResult accepted = done(store.submit(first, withKey("mine", "apple")));

        assertThat(accepted).isInstanceOf(SubmitResult.Accepted.class);
        assertThat(done(store.submit(second, withKey("mine", "apple"))))
                .isEqualTo(new SubmitResult.Known(first.jobId()));
        assertThat(done(store.submit(second, withKey("mine", "pear")))).isEqualTo(new SubmitResult.KeyReused());
        assertThat(done(store.find(second.jobId()))).isEmpty();
        assertThat(done(store.submit(second, withKey("other", "apple")))).isInstanceOf(SubmitResult.Accepted.class);
        assertThat(timeToLive(RedisKeys.idempotency(SubmitOptions.DEFAULT_TENANT, "mine")))
                .isBetween(1L, RETENTION.toMillis());
    }

    @Test
    void aKeyThatIsUsedManyTimesAtOnceGivesOneJob() {
        List<CompletionStage<SubmitResult>> answers = IntStream.range(0, 50)
                .mapToObj(i -> store.submit(TestJobs.prompt(1), withKey("at once", "apple")))
                .toList();

        List<SubmitResult> all = answers.stream().map(JobStoreTest::done).toList();
        assertThat(all).filteredOn(SubmitResult.Accepted.class::isInstance).hasSize(1);
        assertThat(all)
                .filteredOn(SubmitResult.Known.class::isInstance)
                .hasSize(49)
                .containsOnly(all.getLast());
    }

    private static SubmitOptions withKey(String key, String fingerprint) {
        return new SubmitOptions(
                SubmitOptions.DEFAULT_TENANT,
                10,
                Optional.empty(),
                Optional.of(new SubmitOptions.Key(key, fingerprint, RETENTION)));
    }

    @Test
    void aJobWhoseDeadlineHasComeIsExpiredForWhoeverTouchesItFirst() {
        DelayedQueue deadlines = DelayedQueue.deadlines(redis);
        Job job = TestJobs.prompt(2);
        SampleId sample = new SampleId(job.jobId(), 0);
        SubmitOptions shortly = new SubmitOptions(
                SubmitOptions.DEFAULT_TENANT, 10, Optional.of(Duration.ofMillis(300)), Optional.empty());
        SubmitResult accepted = done(store.submit(job, shortly));
        granted(sample);
        assertThat(done(store.expire(job.jobId()))).isEqualTo(new ChangeResult.Done());
        assertThat(done(deadlines.due(10))).isEmpty();

        await().until(() -> done(store.step(sample, 1, 1, 20, "")).equals(new ChangeResult.Finished(EXPIRED)));

        JobStatus status = status(job);
        assertThat(((SubmitResult.Accepted) accepted).expiresAt()).isEqualTo(status.expiresAt());
        assertThat(status.state()).isEqualTo(EXPIRED);
        assertThat(status.finishedAt()).isAfterOrEqualTo(status.expiresAt());
        assertThat(status.images()).extracting(JobStatus.Image::state).containsOnly(EXPIRED);
        assertThat(done(deadlines.due(10))).containsExactly(job.jobId());
        assertThat(done(deadlines.due(10))).as("another asker").isEmpty();
        done(deadlines.done(job.jobId()));
    }

    @Test
    void aFinishedJobCanBeForgottenAfterItsRetentionAndNoEarlier() {
        JobStore brief = new JobStore(redis, Duration.ofSeconds(30), Duration.ofMillis(100));
        DelayedQueue retention = DelayedQueue.retention(redis);
        Job live = submitted(1);
        Job finished = submitted(1);
        Job kept = submitted(1);
        done(brief.cancel(finished.jobId()));
        done(store.cancel(kept.jobId()));

        await().untilAsserted(() -> assertThat(done(retention.due(10))).containsExactly(finished.jobId()));
        done(store.forget(finished.jobId()));

        assertThat(done(store.find(finished.jobId()))).isEmpty();
        assertThat(List.of(status(live).state(), status(kept).state())).containsExactly(QUEUED, CANCELLED);
        assertThat(done(redis.text().async().exists(RedisKeys.events(finished.jobId()))))
                .isZero();
        assertThat(listsWith(finished.jobId())).isEmpty();
        assertThat(listsWith(live.jobId())).hasSize(4); // all jobs, the live ones, and those of the tenant
    }

    private static List<String> listsWith(UUID id) {
        Optional<String> tenant = Optional.of(SubmitOptions.DEFAULT_TENANT);
        Stream<String> byState = Stream.of(RedisKeys.LIVE, CANCELLED.name())
                .flatMap(group -> Stream.of(RedisKeys.jobs(group, Optional.empty()), RedisKeys.jobs(group, tenant)));
        return Stream.concat(Stream.of(RedisKeys.JOBS, RedisKeys.jobs(SubmitOptions.DEFAULT_TENANT)), byState)
                .filter(set -> done(redis.text().async().zscore(set, id.toString())) != null)
                .toList();
    }

    @Test
    void theListPagesFromNewToOld() {
        List<UUID> ids = IntStream.range(0, 5)
                .mapToObj(i -> submitted(1).jobId())
                .toList()
                .reversed();

        assertThat(done(store.list(Optional.empty(), null, 3))).isEqualTo(ids.subList(0, 3));
        assertThat(done(store.list(Optional.empty(), ids.get(2), 2))).isEqualTo(ids.subList(3, 5));
        done(store.forget(ids.get(2)));
        assertThat(done(store.list(Optional.empty(), ids.get(2), 2))).isEqualTo(ids.subList(3, 5));
        assertThat(done(store.list(Optional.empty(), ids.get(1), 1))).containsExactly(ids.get(3));
    }

    @Test
    void redisMayForgetItsScripts() {
        done(redis.text().async().scriptFlush());

        assertThat(state(submitted(1))).isEqualTo(QUEUED);
    }

    private static PromptJob submitted(int images) {
        PromptJob job = TestJobs.prompt(images);
        assertThat(done(store.submit(job))).isInstanceOf(SubmitResult.Accepted.class);
        return job;
    }

    private static int granted(SampleId sample) {
        return ((ClaimResult.Granted) done(store.claim(sample, "worker"))).attempt();
    }

    private static JobStatus status(Job job) {
        return done(store.find(job.jobId())).orElseThrow();
    }

    private static JobState state(Job job) {
        return status(job).state();
    }

    private static long timeToLive(String key) {
        return done(redis.text().async().pttl(key));
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }
}
