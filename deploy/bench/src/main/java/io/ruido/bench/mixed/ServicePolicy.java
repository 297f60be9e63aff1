package io.ruido.bench.mixed;

import io.ruido.bench.BenchClient;
import io.ruido.bench.Stopwatch;
import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Submits jobs to the gateway over HTTP, and gets their ends and forecasts over a WebSocket. */
final class ServicePolicy implements Policy {
    private static final long AT_MOST_SECONDS = 600;

    private final BenchClient client;
    private final BenchClient.Events events;
    private final Map<String, Watched> watched = new ConcurrentHashMap<>();
    private final Queue<Double> whenAccepted = new ConcurrentLinkedQueue<>();
    private final Queue<Double> whileWaiting = new ConcurrentLinkedQueue<>();

    ServicePolicy(BenchClient client) throws TimeoutException {
        this.client = client;
        this.events = client.events(this::onFrame);
    }

    private final class Watched {
        private final CompletableFuture<Double> end = new CompletableFuture<>();
        private final List<Told> told = new ArrayList<>();
        private final Stopwatch clock;

        /** A forecast of a job's end, and the time when it arrived. */
        private record Told(boolean accepted, long time, long eta) {
            double ratio(long end) {
                return (double) (eta - time) / (end - time);
            }
        }

        Watched(Stopwatch clock) {
            this.clock = clock;
        }

        void onAccepted(String eta) {
            if (eta != null) {
                told.add(new Told(
                        true, System.currentTimeMillis(), Instant.parse(eta).toEpochMilli()));
            }
        }

        void onEvent(JobEvent event) {
            if (event instanceof JobEvent.Queue queue && queue.eta() != null) {
                told.add(new Told(false, queue.time(), queue.eta()));
            }
            if (event instanceof JobEvent.State state && state.last()) {
                if (state.state() != JobState.SUCCEEDED) {
                    end.completeExceptionally(new IllegalStateException("a job ended with " + state));
                }
                told.forEach(said -> (said.accepted ? whenAccepted : whileWaiting).add(said.ratio(state.time())));
                end.complete(clock.now());
            }
        }
    }

    /** Clears the forecasts so far. */
    void forget() {
        whenAccepted.clear();
        whileWaiting.clear();
    }

    void printForecasts(String title) {
        Forecasts.printHead(title);
        new Forecasts(List.copyOf(whenAccepted)).print("when accepted");
        new Forecasts(List.copyOf(whileWaiting)).print("while it waited");
        forget();
    }

    @Override
    public List<Double> run(List<MixedLoad.Arrival> arrivals) throws Exception {
        Stopwatch clock = new Stopwatch();
        List<CompletableFuture<Double>> ends = new ArrayList<>();
        for (MixedLoad.Arrival arrival : arrivals) {
            clock.await(arrival.seconds());
            ends.add(submit(arrival, clock));
        }
        List<Double> seconds = new ArrayList<>();
        for (CompletableFuture<Double> end : ends) {
            seconds.add(end.get(AT_MOST_SECONDS, TimeUnit.SECONDS));
        }
        return seconds;
    }

    private CompletableFuture<Double> submit(MixedLoad.Arrival arrival, Stopwatch clock) {
        Watched job = new Watched(clock);
        client.accept(BenchClient.submission(arrival.job())).whenComplete((accepted, error) -> {
            if (error != null) {
                job.end.completeExceptionally(error);
            } else {
                job.onAccepted(accepted.getString("eta"));
                watched.put(accepted.getString("id"), job);
                events.subscribe(accepted.getString("id"));
            }
        });
        return job.end;
    }

    private void onFrame(JsonObject frame) {
        JobEvent event = JobJson.read(frame.getJsonObject("event").encode(), JobEvent.class);
        watched.get(frame.getString("job")).onEvent(event);
    }
}
