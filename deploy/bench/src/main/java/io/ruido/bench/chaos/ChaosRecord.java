package io.ruido.bench.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.bench.chaos.ChaosFindings.Kind;
import io.ruido.job.JobEvent;
import io.ruido.job.JobState;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Compares the stored state, events and images of each job with the request. */
final class ChaosRecord {
    private static final int AT_ONCE = 32;
    private static final int PAGE = 100;
    private static final int MINUTES = 10;

    private final ChaosClient client;
    private final ChaosFindings findings;
    private final Map<JobState, Integer> states = new EnumMap<>(JobState.class);

    ChaosRecord(ChaosClient client, ChaosFindings findings) {
        this.client = client;
        this.findings = findings;
    }

    /** Returns the number of jobs by their final state. */
    Map<JobState, Integer> check(Map<UUID, ChaosJobs.Order> orders) throws InterruptedException, IOException {
        Semaphore places = new Semaphore(AT_ONCE);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        orders.forEach((id, order) -> threads.execute(() -> {
            places.acquireUninterruptibly();
            try {
                check(id, order);
            } finally {
                places.release();
            }
        }));
        threads.shutdown();
        if (!threads.awaitTermination(MINUTES, TimeUnit.MINUTES)) {
            threads.shutdownNow();
            findings.add(Kind.ANSWER, "not every job could be looked at within %d minutes".formatted(MINUTES));
        }
        checkThatNobodyElse(orders.keySet());
        return states;
    }

    private void check(UUID id, ChaosJobs.Order order) {
        try {
            ChaosClient.Answer answer = client.get("/v1/jobs/" + id);
            if (answer.status() != 200) {
                findings.add(Kind.LOST, "%s: %s".formatted(id, answer));
                return;
            }
            JobState state = ChaosClient.state(answer);
            synchronized (states) {
                states.merge(state, 1, Integer::sum);
            }
            if (!state.terminal()) {
                findings.add(Kind.UNFINISHED, "%s: %s".formatted(id, answer));
                return;
            }
            if (!order.ends().contains(state)) {
                findings.add(Kind.WRONG_END, "%s: %s instead of %s: %s".formatted(id, state, order.ends(), answer));
            }
            checkEvents(id, answer.json(), state, order.images().size());
            if (state == JobState.SUCCEEDED) {
                checkImages(id, order.images());
            }
        } catch (IOException | RuntimeException e) {
            findings.add(Kind.ANSWER, "%s: %s".formatted(id, e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void checkEvents(UUID id, JsonNode job, JobState state, int images) throws InterruptedException {
        List<JobEvent> events = client.events(id);
        int lastEvent = job.path("lastEvent").asInt();
        if (events.isEmpty() || events.getLast().number() != lastEvent) {
            findings.add(Kind.GAP, "%s: %d events, the last is said to be %s".formatted(id, events.size(), job));
        }
        long ends = events.stream().filter(JobEvent::last).count();
        Map<Integer, Integer> results = new HashMap<>();
        for (JobEvent event : events) {
            if (event instanceof JobEvent.Result result) {
                results.merge(result.index(), 1, Integer::sum);
            }
        }
        boolean complete = state != JobState.SUCCEEDED || results.size() == images;
        if (ends != 1 || !complete || results.values().stream().anyMatch(count -> count > 1)) {
            findings.add(Kind.TWO_RESULTS, "%s: %d ends, results %s".formatted(id, ends, results));
        }
    }

    private void checkImages(UUID id, List<byte[]> images) throws InterruptedException {
        for (int i = 0; i < images.size(); i++) {
            ChaosClient.Answer image = client.get("/v1/jobs/" + id + "/images/" + i);
            if (image.status() != 200 || !Arrays.equals(image.body(), images.get(i))) {
                findings.add(Kind.IMAGE, "%s/%d: status %d".formatted(id, i, image.status()));
            }
        }
    }

    private void checkThatNobodyElse(Collection<UUID> asked) throws InterruptedException, IOException {
        String before = "";
        while (before != null) {
            JsonNode page = client.get("/v1/jobs?limit=" + PAGE + before).json();
            for (JsonNode job : page.path("jobs")) {
                UUID id = UUID.fromString(job.path("id").asText());
                if (!asked.contains(id)) {
                    findings.add(Kind.DOUBLE, "%s is a job whose submission was never confirmed".formatted(job));
                }
            }
            before = page.hasNonNull("next") ? "&before=" + page.path("next").asText() : null;
        }
    }
}
