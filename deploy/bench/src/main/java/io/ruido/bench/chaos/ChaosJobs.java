package io.ruido.bench.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.bench.chaos.ChaosFindings.Kind;
import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Jobs of persistent clients: all are watched or polled until they end; some are cancelled or have a short deadline.
 */
final class ChaosJobs {
    /** The number of different jobs; repeated ones must give the same images. */
    private static final int KINDS = 24;

    private static final int MAX_STEPS = 3;
    private static final int AT_ONCE = 64;
    private static final Duration STUCK_AFTER = Duration.ofMinutes(5);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(250);
    private static final int SHORT_SECONDS = 2;

    /** The minimum side of a clip in H.264. */
    private static final int MIN_CLIP_SIDE = 16;

    /** Slightly less than the time for which Ruido keeps all events of a finished job. */
    private static final Duration ALL_EVENTS_FOR = Duration.ofSeconds(50);

    private final ChaosClient client;
    private final ChaosFindings findings;
    private final List<JsonNode> models;
    private final long seed;
    private final List<List<byte[]>> images = new ArrayList<>();
    private final Map<UUID, Order> orders = new ConcurrentHashMap<>();
    private final Semaphore places = new Semaphore(AT_ONCE);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /**
     * An accepted job.
     *
     * @param images expected images
     * @param ends possible final states
     */
    record Order(List<byte[]> images, Set<JobState> ends) {}

    private ChaosJobs(ChaosClient client, ChaosFindings findings, List<JsonNode> models, long seed) {
        this.client = client;
        this.findings = findings;
        this.models = models;
        this.seed = seed;
    }

    /** Waits for Ruido, and runs one job of each kind without faults. Models take turns. */
    static ChaosJobs begin(ChaosClient client, ChaosFindings findings, long seed) throws Exception {
        ChaosJobs jobs = new ChaosJobs(client, findings, models(client), seed);
        List<Callable<List<byte[]>>> all = IntStream.range(0, KINDS)
                .<Callable<List<byte[]>>>mapToObj(kind -> () -> jobs.undisturbed(kind))
                .toList();
        for (var one : jobs.threads.invokeAll(all, STUCK_AFTER.toMillis(), TimeUnit.MILLISECONDS)) {
            if (one.isCancelled()) {
                throw new IllegalStateException("not all jobs have ended after " + STUCK_AFTER);
            }
            jobs.images.add(one.get());
        }
        return jobs;
    }

    /** Waits for a worker and returns the models that the workers serve. */
    private static List<JsonNode> models(ChaosClient client) throws Exception {
        long deadline = System.nanoTime() + STUCK_AFTER.toNanos();
        while (System.nanoTime() < deadline) {
            JsonNode answer = client.get("/v1/models").json().path("models");
            if (answer.path(0).path("workers").asInt() > 0) {
                return answer.valueStream().toList();
            }
            Thread.sleep(LOOK_AGAIN);
        }
        throw new IllegalStateException("no worker has come for " + STUCK_AFTER);
    }

    private List<byte[]> undisturbed(int kind) throws Exception {
        UUID id = submit("undisturbed-" + kind, submission(kind, 0));
        client.watch(id);
        List<byte[]> images = new ArrayList<>();
        for (int i = 0; i < images(kind); i++) {
            ChaosClient.Answer image = client.get("/v1/jobs/" + id + "/images/" + i);
            if (image.status() != 200) {
                throw new IllegalStateException("an undisturbed job has no image %d: %s".formatted(i, image));
            }
            images.add(image.body());
        }
        orders.put(id, new Order(images, EnumSet.of(JobState.SUCCEEDED)));
        return images;
    }

    private static int images(int kind) {
        return kind % 6 == 0 ? 2 : 1;
    }

    private String submission(int kind, int expiresIn) {
        JsonNode model = models.get(kind % models.size());
        ObjectNode json = JobJson.MAPPER
                .createObjectNode()
                .put("model", model.path("name").asText())
                .put("prompt", "a red apple, number " + kind)
                .put("steps", 1 + kind % MAX_STEPS)
                .put("seed", kind)
                .put("count", images(kind));
        JsonNode clips = model.path("clips");
        if (clips.isObject()) { // the smallest clip, with two latent frames
            int multiple = model.path("sizeMultiple").asInt();
            int side = multiple
                    * Math.ceilDiv(Math.max(MIN_CLIP_SIDE, model.path("minSize").asInt()), multiple);
            json.put("width", 2 * side).put("height", side);
            json.put("frames", 1 + clips.path("frameStep").asInt());
        }
        return (expiresIn == 0 ? json : json.put("expiresIn", expiresIn)).toString();
    }

    /**
     * Submits a job and follows it to its end in the background. Returns at once, or when few enough others are
     * unfinished.
     *
     * @param ended called at the end
     */
    void submit(int number, Runnable ended) throws InterruptedException {
        if (!places.tryAcquire(STUCK_AFTER.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IllegalStateException("none of %d jobs has ended for %s".formatted(AT_ONCE, STUCK_AFTER));
        }
        threads.execute(() -> {
            try {
                attend(number);
            } finally {
                places.release();
                ended.run();
            }
        });
    }

    /** Waits until all jobs have ended, for at most the given time. */
    void await(Duration atMost) throws InterruptedException {
        threads.shutdown();
        if (!threads.awaitTermination(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
            threads.shutdownNow();
        }
    }

    private void attend(int number) {
        try {
            attend(number, new Random(seed + number));
        } catch (IOException | RuntimeException e) {
            findings.add(Kind.ANSWER, "job %d: %s".formatted(number, e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void attend(int number, Random random) throws InterruptedException, IOException {
        int kind = random.nextInt(KINDS);
        boolean hurried = random.nextInt(40) == 0;
        String submission = submission(kind, hurried ? SHORT_SECONDS : 0);
        String key = "disturbed-" + number;
        UUID id = submit(key, submission);
        Set<JobState> ends = EnumSet.of(JobState.SUCCEEDED);
        if (hurried) {
            ends.add(JobState.EXPIRED);
        }
        orders.put(id, new Order(images.get(kind), ends));
        if (random.nextInt(20) == 0) {
            Thread.sleep(random.nextInt(1_000));
            orders.put(id, new Order(images.get(kind), cancel(number, id, ends)));
        }
        if (random.nextInt(10) == 0 && !submit(key, submission).equals(id)) {
            findings.add(Kind.DOUBLE, "job %d is %s and another".formatted(number, id));
        }
        if (random.nextBoolean()) {
            client.watch(id);
        } else {
            poll(id);
        }
        checkNumbers(id, client.events(id));
    }

    /** Checks the numbers of a job's events soon after its end. Later they are trimmed, and their numbers have gaps. */
    private void checkNumbers(UUID id, List<JobEvent> events) {
        Instant end = Instant.ofEpochMilli(events.getLast().time());
        if (Duration.between(end, Instant.now()).compareTo(ALL_EVENTS_FOR) > 0) {
            return;
        }
        for (int i = 0; i < events.size(); i++) {
            if (events.get(i).number() != i + 1) {
                findings.add(Kind.GAP, "%s: %s is number %d".formatted(id, events.get(i), i + 1));
                return;
            }
        }
    }

    private UUID submit(String key, String submission) throws InterruptedException, IOException {
        ChaosClient.Answer answer = client.submit(submission, key);
        if (answer.status() != 202) {
            throw new IllegalStateException("submitted, and got " + answer);
        }
        return UUID.fromString(answer.json().path("id").asText());
    }

    /** @return the possible final states */
    private Set<JobState> cancel(int number, UUID id, Set<JobState> before) throws InterruptedException {
        ChaosClient.Answer answer = client.cancel(id);
        return switch (answer.status()) {
            case 202 -> EnumSet.of(JobState.CANCELLED);
            case 409 -> {
                // It can also be cancelled if the response was lost.
                EnumSet<JobState> all = EnumSet.of(JobState.CANCELLED);
                all.addAll(before);
                yield all;
            }
            default -> {
                findings.add(Kind.ANSWER, "job %d, %s, was to be cancelled, and got %s".formatted(number, id, answer));
                yield before;
            }
        };
    }

    private void poll(UUID id) throws InterruptedException, IOException {
        while (!ChaosClient.state(client.get("/v1/jobs/" + id)).terminal()) {
            Thread.sleep(LOOK_AGAIN);
        }
    }

    /** Returns the accepted jobs, by id. */
    Map<UUID, Order> orders() {
        return orders;
    }
}
