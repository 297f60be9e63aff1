package io.ruido.worker;

import io.ruido.queue.JobSlot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * The one thread that runs the denoiser. A call of it is the unit of scheduling: the sample that has waited longest gets
 * one, together with as many of its kind as pay. So every active sample makes a step a round, whatever its kind, a sample
 * that arrives starts within a step of the others, and a short one does not wait for a long one.
 */
final class DenoiseLoop implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DenoiseLoop.class);

    private final Function<List<Sample>, float[][]> denoiser;
    private final Observer observer;
    private final int places;
    private final BlockingQueue<Sample> arrivals = new LinkedBlockingQueue<>();
    private final List<Sample> active = new ArrayList<>(); // longest waiting first
    private final Map<Sample.Kind, BatchCurve> curves = new HashMap<>();
    private final Thread thread;
    private volatile boolean closing;

    /**
     * @param denoiser gives the output for each sample of a batch, which are of one kind
     * @param places how many samples take turns; more wait until one of these is denoised
     */
    DenoiseLoop(Function<List<Sample>, float[][]> denoiser, Observer observer, int places) {
        this.denoiser = denoiser;
        this.observer = observer;
        this.places = places;
        this.thread = Thread.ofPlatform().name("denoise").start(this::run);
    }

    /** Takes the sample's first step within a step of those that run, if there is a place. */
    void add(Sample sample) {
        observer.denoising(sample);
        arrivals.add(sample);
        if (closing && arrivals.remove(sample)) {
            sample.interrupt();
        }
    }

    boolean closed() {
        return closing;
    }

    boolean alive() {
        return thread.isAlive();
    }

    private void run() {
        try {
            while (!closing) {
                if (active.isEmpty()) {
                    active.add(arrivals.take());
                }
                active.removeIf(Sample::stopped);
                arrivals.removeIf(Sample::stopped);
                arrivals.drainTo(active, places - active.size());
                if (!active.isEmpty()) {
                    List<Sample> batch = nextBatch();
                    active.removeAll(batch);
                    advance(batch);
                    batch.stream().filter(Sample::unfinished).forEach(active::add);
                }
            }
        } catch (InterruptedException e) {
            log.debug("closed while there was nothing to do");
        }
        arrivals.drainTo(active);
        active.forEach(Sample::interrupt);
        curves.forEach((kind, curve) -> log.info("{}: {}", kind, curve));
    }

    private List<Sample> nextBatch() {
        Sample first = active.getFirst();
        int room = curve(first).limit() - first.rows();
        List<Sample> batch = new ArrayList<>(List.of(first));
        for (Sample other : active.subList(1, active.size())) {
            if (other.rows() <= room && other.kind().equals(first.kind())) {
                batch.add(other);
                room -= other.rows();
            }
        }
        return batch;
    }

    private BatchCurve curve(Sample sample) {
        return curves.computeIfAbsent(sample.kind(), kind -> new BatchCurve());
    }

    private void advance(List<Sample> batch) {
        int rows = batch.stream().mapToInt(Sample::rows).sum();
        float[][] outputs;
        try {
            long begin = System.nanoTime();
            outputs = denoiser.apply(batch);
            long nanos = System.nanoTime() - begin;
            curve(batch.getFirst()).record(rows, nanos / 1e9);
            observer.called(batch.getFirst().params().model(), rows, Duration.ofNanos(nanos));
        } catch (RuntimeException | Error e) {
            if (batch.size() == 1) {
                batch.getFirst().fail(e);
            } else {
                advanceInHalves(batch, rows, e);
            }
            return;
        }
        for (int i = 0; i < outputs.length; i++) {
            batch.get(i).advance(outputs[i]);
        }
    }

    /** What is too much for memory may fit in halves, and what is wrong with one sample must not fail the others. */
    private void advanceInHalves(List<Sample> batch, int rows, Throwable fault) {
        if (outOfMemory(fault)) {
            curve(batch.getFirst()).tooMany(rows);
        }
        String jobs = batch.stream().map(Sample::jobId).distinct().collect(Collectors.joining(", "));
        try (var _ = MDC.putCloseable(JobSlot.JOB_ID, jobs)) {
            log.warn("{} samples at a time failed ({}); going on with half as many", batch.size(), fault.getMessage());
        }
        int half = batch.size() / 2;
        advance(batch.subList(0, half));
        advance(batch.subList(half, batch.size()));
    }

    /** Torch has no exception of its own for it that comes through JNI. */
    private static boolean outOfMemory(Throwable fault) {
        String message = String.valueOf(fault.getMessage());
        return fault instanceof OutOfMemoryError
                || message.contains("out of memory")
                || message.contains("can't allocate memory");
    }

    /** Stops every sample after the step that is being made. */
    @Override
    public void close() {
        closing = true;
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
