package io.ruido.redis;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ruido.embedded.EmbeddedRedis;
import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import io.ruido.job.SampleId;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventStreamTest {
    @TempDir
    private Path folder;

    private EmbeddedRedis server;
    private Redis redis;
    private JobStore store;
    private EventStream events;
    private UUID id;
    private SampleId sample;

    @BeforeEach
    void start() throws IOException {
        server = EmbeddedRedis.start(folder, 0);
        redis = TestJobs.connect(server);
        store = new JobStore(redis, Duration.ofSeconds(30), Duration.ofMinutes(1));
        events = new EventStream(redis);
        id = UUID.randomUUID();
        submit(id);
        sample = new SampleId(id, 0);
        done(store.claim(sample, "worker"));
    }

    private void submit(UUID newId) {
        done(store.submit(TestJobs.prompt(newId, 1)));
    }

    @AfterEach
    void stop() {
        events.close();
        redis.close();
        server.close();
    }

    private static final class Seen implements EventStream.Listener {
        final List<JobEvent> events = new CopyOnWriteArrayList<>();

        @Override
        public void onEvent(JobEvent event, String json) {
            assertThat(JobJson.read(json, JobEvent.class)).isEqualTo(event);
            events.add(event);
        }

        List<Long> numbers() {
            return events.stream().map(JobEvent::number).toList();
        }
    }

    @Test
    void aWatchTellsWhatHasHappenedAndThenWhatHappens() {
        Seen seen = new Seen();
        try (EventStream.Watch _ = events.watch(id, 0, seen)) {
            step(1, "data:,x");
            done(store.decode(sample, 1));
            done(store.succeed(sample, 1, "a.png", "image/png"));

            await().untilAsserted(() -> assertThat(seen.events).last().satisfies(last -> assertThat(last.last())
                    .isTrue()));
        }
        assertThat(seen.numbers()).isEqualTo(numbers(1, 9));
        assertThat(seen.events)
                .extracting(event -> switch (event) {
                    case JobEvent.State state -> state.state().name();
                    case JobEvent.Queue queue -> "number " + queue.position();
                    case JobEvent.Image image -> "image " + image.state();
                    case JobEvent.Step step -> step.step() + "/" + step.steps() + " " + step.preview();
                    case JobEvent.Result result -> result.key();
                    case JobEvent.Warnings warnings -> warnings.messages().toString();
                })
                .containsExactly(
                        "QUEUED",
                        "SAMPLING",
                        "image SAMPLING",
                        "1/20 data:,x",
                        "image DECODING",
                        "DECODING",
                        "image SUCCEEDED",
                        "a.png",
                        "SUCCEEDED");
    }

    @Test
    void aWatchThatComesWhileEventsAreWrittenSeesEachOnce() {
        List<Seen> all = new ArrayList<>();
        for (int step = 1; step <= 200; step++) {
            store.step(sample, 1, step, 200, "");
            if (step % 10 == 0) {
                Seen seen = new Seen();
                all.add(seen);
                events.watch(id, 3, seen);
            }
        }

        await().untilAsserted(() ->
                assertThat(all).allSatisfy(seen -> assertThat(seen.numbers()).isEqualTo(numbers(4, 203))));
    }

    @Test
    void aLongHistoryIsReadInPages() {
        List<CompletionStage<ChangeResult>> steps = IntStream.rangeClosed(1, 1_234)
                .mapToObj(step -> store.step(sample, 1, step, 2_000, ""))
                .toList();
        steps.forEach(EventStreamTest::done);
        Seen seen = new Seen();

        events.watch(id, 0, seen);

        await().untilAsserted(() -> assertThat(seen.numbers()).isEqualTo(numbers(1, 1_237)));
    }

    @Test
    void aClosedWatchIsToldNothingMore() {
        Seen closed = new Seen();
        Seen open = new Seen();
        EventStream.Watch watch = events.watch(id, 3, closed);
        events.watch(id, 3, open);
        step(1, "");
        await().untilAsserted(() -> assertThat(closed.numbers()).containsExactly(4L));

        watch.close();
        step(2, "");

        await().untilAsserted(() -> assertThat(open.numbers()).containsExactly(4L, 5L));
        assertThat(closed.numbers()).containsExactly(4L);
    }

    @Test
    void jobsDoNotMix() {
        Seen seen = new Seen();
        UUID other = UUID.randomUUID();
        events.watch(other, 0, seen);
        submit(other);
        step(1, "");
        done(store.fail(other, "no memory"));

        await().untilAsserted(() -> assertThat(seen.numbers()).containsExactly(1L, 2L));
        assertThat(seen.events.getLast()).isInstanceOfSatisfying(JobEvent.State.class, state -> {
            assertThat(state.state()).isEqualTo(JobState.FAILED);
            assertThat(state.error()).isEqualTo("no memory");
        });
    }

    @Test
    void aWatchOutlivesRedis() throws IOException {
        Seen before = new Seen();
        events.watch(id, 3, before);
        step(1, "");
        await().untilAsserted(() -> assertThat(before.numbers()).containsExactly(4L));

        Seen meanwhile = new Seen();
        UUID other = UUID.randomUUID();
        Seen unheardOf = new Seen();
        restart(() -> {
            events.watch(id, 3, meanwhile);
            events.watch(other, 0, unheardOf);
        });
        step(2, "");
        submit(other);

        await().untilAsserted(() -> {
            assertThat(before.numbers()).containsExactly(4L, 5L);
            assertThat(meanwhile.numbers()).containsExactly(4L, 5L);
            assertThat(unheardOf.numbers()).containsExactly(1L);
        });
    }

    @Test
    void theEndIsToldAlsoWhenRedisHasLostItsLastWrites() throws IOException {
        restart(() -> copy(appendOnlyFiles(), folder.resolve("earlier")));
        Seen live = new Seen();
        events.watch(id, 3, live);
        step(1, "");
        step(2, "");
        await().untilAsserted(() -> assertThat(live.numbers()).containsExactly(4L, 5L));

        restart(() -> copy(folder.resolve("earlier"), appendOnlyFiles()));
        done(store.fail(id, "no memory"));
        Seen late = new Seen();
        events.watch(id, 5, late);

        await().untilAsserted(() -> {
            assertThat(live.numbers()).containsExactly(4L, 5L, 4L);
            assertThat(late.numbers()).containsExactly(4L);
        });
        assertThat(late.events.getLast().last()).isTrue();
    }

    /** A folder since Redis 7, before that a file. */
    private Path appendOnlyFiles() {
        Path several = folder.resolve("appendonlydir");
        return Files.exists(several) ? several : folder.resolve("appendonly.aof");
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path copy = to.resolve(from.relativize(file));
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy, REPLACE_EXISTING);
                }
            }
        }
    }

    private void restart(Executable meanwhile) throws IOException {
        server.close();
        meanwhile.execute();
        server = EmbeddedRedis.start(folder, URI.create(server.uri()).getPort());
        await().ignoreExceptions().untilAsserted(() -> done(redis.ping()));
    }

    @FunctionalInterface
    private interface Executable {
        void execute() throws IOException;
    }

    private void step(int step, String preview) {
        done(store.step(sample, 1, step, 20, preview));
    }

    private static List<Long> numbers(long first, long last) {
        return LongStream.rangeClosed(first, last).boxed().toList();
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }
}
