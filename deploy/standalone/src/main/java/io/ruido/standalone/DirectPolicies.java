package io.ruido.standalone;

import io.ruido.worker.DirectWorker;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

/** How jobs are worked off without the service, by the worker's own classes. */
final class DirectPolicies {
    private final DirectWorker worker;
    private final int places;

    /** @param places pictures at a time */
    DirectPolicies(DirectWorker worker, int places) {
        this.worker = worker;
        this.places = places;
    }

    /** Each job when the one before it is done. */
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
     * All that wait when the batch before is done, but no more than there are places for. A batch is one call, which returns
     * when the last of its pictures is done; those that are done before no longer take time.
     */
    List<Double> staticBatches(List<MixedLoad.Arrival> arrivals) throws Exception {
        Stopwatch clock = new Stopwatch();
        List<Double> ends = new ArrayList<>();
        while (ends.size() < arrivals.size()) {
            int begin = ends.size();
            clock.await(arrivals.get(begin).seconds());
            double now = clock.now();
            List<CompletableFuture<byte[]>> batch =
                    arrivals.subList(begin, Math.min(begin + places, arrivals.size())).stream()
                            .takeWhile(arrival -> arrival.seconds() <= now)
                            .map(arrival -> worker.draw(arrival.job()))
                            .toList();
            CompletableFuture.allOf(batch.toArray(CompletableFuture[]::new)).get();
            ends.addAll(Collections.nCopies(batch.size(), clock.now()));
        }
        return ends;
    }

    /** Each job as soon as there is a place. */
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
