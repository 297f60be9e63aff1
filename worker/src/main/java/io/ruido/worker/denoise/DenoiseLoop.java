package io.ruido.worker.denoise;

import io.ruido.kafka.JobConsumer;
import io.ruido.worker.models.Models;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Runs the denoiser. A call of it is the unit of scheduling: the sample that has waited longest gets one, together with
 * as many of its kind as pay. So every active sample makes a step a round, whatever its kind, a sample that arrives
 * starts within a step of the others, and a short one does not wait for a long one. Calls for samples of different
 * kinds may be made side by side.
 */
public final class DenoiseLoop implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DenoiseLoop.class);

    /**
     * A GPU is done with a small model's call before the processor has launched all of it, so that there is room for
     * calls by other threads: three sizes at once took 0.6 of the time. The CPU would only be shared.
     */
    private static final int CALLS_OF_GPU = 3;

    /** Observes the loop, on its threads; must not block. */
    public interface Listener {
        Listener NONE = new Listener() {
            @Override
            public void denoising(Sample sample) {}

            @Override
            public void called(String model, int rows, Duration time) {}
        };

        /** The sample begins to take part in the denoiser's calls. */
        void denoising(Sample sample);

        /**
         * The denoiser was called.
         *
         * @param rows of the batch
         */
        void called(String model, int rows, Duration time);
    }

    /** Clients choose sizes and lengths of prompts, so the kinds of samples have no end. */
    private static final int MAX_CURVES = 1000;

    private final Function<List<Sample>, float[][]> denoiser;
    private final Listener listener;
    private final int places;
    private final List<Sample> arrivals = new ArrayList<>();
    private final List<Sample> waiting = new ArrayList<>(); // for a call, the longest first
    private final Map<BatchKey, List<Sample>> called = new HashMap<>();
    private final Map<BatchKey, BatchCurve> curves = Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<BatchKey, BatchCurve> eldest) {
            return size() > MAX_CURVES;
        }
    });
    private final List<Thread> threads;
    private int calls;
    private int running; // calls of the denoiser
    private volatile boolean closing;

    /**
     * @param denoiser gives the output for each sample of a batch, which are of one kind
     * @param places how many samples take turns; more wait until one of these is denoised
     * @param calls how many threads call the denoiser, each for another kind, until memory is too small for that
     */
    DenoiseLoop(Function<List<Sample>, float[][]> denoiser, Listener listener, int places, int calls) {
        this.denoiser = denoiser;
        this.listener = listener;
        this.places = places;
        this.calls = calls;
        this.threads = IntStream.range(0, calls)
                .mapToObj(i -> Thread.ofPlatform().name("denoise-" + i).start(this::run))
                .toList();
    }

    /** A loop that calls these models. */
    public static DenoiseLoop of(Models models, Listener listener, int places) {
        int calls = models.device().isGpu() ? CALLS_OF_GPU : 1;
        return new DenoiseLoop(DenoiseLoop::predict, listener, places, calls);
    }

    static float[][] predict(List<Sample> batch) {
        return batch.getFirst()
                .model()
                .predict(batch.stream().map(Sample::denoiserInput).toList());
    }

    /** Takes the sample's first step within a step of those that run, if there is a place. */
    public void add(Sample sample) {
        listener.denoising(sample);
        if (!arrived(sample)) {
            sample.interrupt();
        }
    }

    private synchronized boolean arrived(Sample sample) {
        if (!closing) {
            sample.enterLoop();
            arrivals.add(sample);
            notifyAll();
        }
        return !closing;
    }

    public boolean closed() {
        return closing;
    }

    /** Samples that have a place. */
    public synchronized int active() {
        return waiting.size() + called.values().stream().mapToInt(List::size).sum();
    }

    public boolean alive() {
        return threads.stream().allMatch(Thread::isAlive);
    }

    private void run() {
        for (List<Sample> batch = take(); !batch.isEmpty(); batch = take()) {
            BatchKey key = batch.getFirst().batchKey(); // which a step may change
            advance(batch);
            giveBack(key, batch);
        }
    }

    /** The next batch, once there is one; an empty one in the end. */
    private synchronized List<Sample> take() {
        while (!closing) {
            admit();
            Optional<Sample> first = waiting.stream()
                    .filter(sample -> !called.containsKey(sample.batchKey()))
                    .findFirst();
            if (first.isPresent() && called.size() < calls) {
                List<Sample> batch = batch(first.get());
                waiting.removeAll(batch);
                called.put(first.get().batchKey(), batch);
                return batch;
            }
            awaitChange();
        }
        return List.of();
    }

    private synchronized void awaitChange() {
        try {
            wait();
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts the denoiser", e);
        }
    }

    private void admit() {
        waiting.removeIf(Sample::stopped);
        arrivals.removeIf(Sample::stopped);
        List<Sample> admitted = arrivals.subList(0, Math.min(places - active(), arrivals.size()));
        waiting.addAll(admitted);
        admitted.clear();
    }

    private List<Sample> batch(Sample first) {
        int room = curve(first).limit() - first.rows();
        List<Sample> batch = new ArrayList<>(List.of(first));
        for (Sample other : waiting) {
            if (other != first && other.rows() <= room && other.batchKey().equals(first.batchKey())) {
                batch.add(other);
                room -= other.rows();
            }
        }
        return batch;
    }

    private synchronized void giveBack(BatchKey key, List<Sample> batch) {
        called.remove(key);
        batch.stream().filter(Sample::unfinished).forEach(waiting::add);
        notifyAll();
    }

    private BatchCurve curve(Sample sample) {
        return curves.computeIfAbsent(sample.batchKey(), kind -> new BatchCurve());
    }

    private void advance(List<Sample> batch) {
        int rows = batch.stream().mapToInt(Sample::rows).sum();
        float[][] outputs;
        try {
            outputs = call(batch, rows);
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

    /** Calls the denoiser, and once more by itself if memory was too small for calls side by side. */
    private float[][] call(List<Sample> batch, int rows) {
        boolean alone = enter();
        try {
            long begin = System.nanoTime();
            float[][] outputs = denoiser.apply(batch);
            long nanos = System.nanoTime() - begin;
            curve(batch.getFirst()).record(rows, nanos / 1e9);
            listener.called(batch.getFirst().params().model(), rows, Duration.ofNanos(nanos));
            return outputs;
        } catch (RuntimeException | Error e) {
            if (alone || !outOfMemory(e)) {
                throw e;
            }
        } finally {
            leave();
        }
        makeOneCallAtATime();
        return call(batch, rows);
    }

    /** Waits until a call may be made; returns whether it is the only one while it is made. */
    private synchronized boolean enter() {
        while (running >= calls) {
            awaitChange();
        }
        running++;
        return calls == 1;
    }

    private synchronized void leave() {
        running--;
        notifyAll();
    }

    private synchronized void makeOneCallAtATime() {
        if (calls > 1) {
            calls = 1;
            log.info("out of memory with several denoiser calls at a time; running one at a time from now on");
        }
    }

    /** What is too much for memory may fit in halves, and what is wrong with one sample must not fail the others. */
    private void advanceInHalves(List<Sample> batch, int rows, Throwable fault) {
        if (outOfMemory(fault)) {
            curve(batch.getFirst()).tooMany(rows);
        }
        String jobs = batch.stream().map(Sample::jobId).distinct().collect(Collectors.joining(", "));
        try (var _ = MDC.putCloseable(JobConsumer.JOB_ID, jobs)) {
            log.warn("a batch of {} samples failed ({}); retrying with half as many", batch.size(), fault.getMessage());
        }
        int half = batch.size() / 2;
        advance(batch.subList(0, half));
        advance(batch.subList(half, batch.size()));
    }

    /** Torch has no exception of its own for this that JNI passes on. */
    private static boolean outOfMemory(Throwable fault) {
        String message = String.valueOf(fault.getMessage());
        return fault instanceof OutOfMemoryError
                || message.contains("out of memory")
                || message.contains("can't allocate memory");
    }

    /** Stops every sample after the step that is being made. */
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
            notifyAll();
        }
        threads.forEach(DenoiseLoop::join);
        waiting.addAll(arrivals);
        waiting.forEach(Sample::interrupt);
        curves.forEach((kind, curve) -> log.info("{}: {}", kind, curve));
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
