package io.ruido.bench.mixed;

import io.ruido.bench.Stopwatch;
import io.ruido.worker.DirectWorker;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

/** Policies that run jobs without the service, with the worker's own classes. */
final class DirectPolicies {
    private final DirectWorker worker;
    private final int places;

    /** @param places number of images at a time */
    DirectPolicies(DirectWorker worker, int places) {
        this.worker = worker;
        this.places = places;
    }

    /** Runs each job after the previous one. */
    List<Double> oneAtATime(List<MixedLoad.Arrival> arrivals) throws Exception {
        Stopwatch clock = new Stopwatch();
        List<Double> ends = new ArrayList<>();
        for (MixedLoad.Arrival arrival : arrivals) {
            clock.await(arrival.seconds());
            worker.draw(arrival.job()).get();
            ends.add(clock.now());
        }
        return ends;
    }

    /**
     * Runs static batches: the job that has waited longest, with as many other waiting jobs of its size as there are
     * places. A batch ends with its last image; images that are finished earlier take no more time.
     */
    List<Double> staticBatches(List<MixedLoad.Arrival> arrivals) throws Exception {
        Stopwatch clock = new Stopwatch();
        Map<MixedLoad.Arrival, Double> ends = new HashMap<>();
        List<MixedLoad.Arrival> pending = new ArrayList<>(arrivals);
        while (!pending.isEmpty()) {
            MixedLoad.Arrival first = pending.getFirst();
            clock.await(first.seconds());
            double now = clock.now();
            List<MixedLoad.Arrival> batch = pending.stream()
                    .takeWhile(arrival -> arrival.seconds() <= now)
                    .filter(first::sameSize)
                    .limit(places)
                    .toList();
            pending.removeAll(batch);
            CompletableFuture.allOf(batch.stream()
                            .map(arrival -> worker.draw(arrival.job()))
                            .toArray(CompletableFuture[]::new))
                    .get();
            double end = clock.now();
            batch.forEach(arrival -> ends.put(arrival, end));
        }
        return arrivals.stream().map(ends::get).toList();
    }

    /** Starts each job as soon as there is a place. */
    List<Double> continuously(List<MixedLoad.Arrival> arrivals) throws Exception {
        Stopwatch clock = new Stopwatch();
        Semaphore free = new Semaphore(places);
        List<CompletableFuture<Double>> ends = new ArrayList<>();
        for (MixedLoad.Arrival arrival : arrivals) {
            clock.await(arrival.seconds());
            free.acquire();
            ends.add(worker.draw(arrival.job())
                    .thenApply(png -> clock.now())
                    .whenComplete((end, error) -> free.release()));
        }
        CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new)).get();
        return ends.stream().map(CompletableFuture::join).toList();
    }
}
