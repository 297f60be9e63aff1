package io.ruido.worker.denoise;

import io.ruido.cache.LruCache;
import io.ruido.kafka.JobConsumer;
import io.ruido.worker.models.Models;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
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
 * Runs the denoiser. The unit of scheduling is one call: it contains the sample that has waited longest, and as many
 * samples with the same {@link BatchKey} as are efficient. So every active sample makes one step per round, a new
 * sample starts within one step of the others, and a short sample does not wait for a long one. Calls with different
 * keys can run concurrently.
 */
public final class DenoiseLoop implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DenoiseLoop.class);

    /**
     * The number of concurrent calls on a GPU. It computes a small model faster than one thread can launch the
     * operations, so other threads can use it too: three sizes at once took 0.6 of the time. On a CPU, concurrent calls
     * would only share the cores.
     */
    private static final int CALLS_OF_GPU = 3;

    /** Observes the loop on its threads. It must not block. */
    public interface Listener {
        Listener NONE = new Listener() {
            @Override
            public void denoising(Sample sample) {}

            @Override
            public void called(String model, int rows, Duration time) {}
        };

        /** Called when a sample is added to the loop. */
        void denoising(Sample sample);

        /**
         * Called after each call of the denoiser.
         *
         * @param rows number of rows in the batch
         */
        void called(String model, int rows, Duration time);
    }

    /** Clients choose sizes and prompt lengths, so the number of keys must be limited. */
    private static final int MAX_CURVES = 1000;

    private final Function<List<Sample>, float[][]> denoiser;
    private final Listener listener;
    private final int places;
    private final List<Sample> arrivals = new ArrayList<>();
    private final List<Sample> waiting = new ArrayList<>(); // for a call, the longest first
    private final Map<BatchKey, List<Sample>> called = new HashMap<>();
    private final Map<BatchKey, BatchCurve> curves = LruCache.ofMaxEntries(MAX_CURVES);
    private final List<Thread> threads;
    private int calls;
    private int running; // calls of the denoiser
    private volatile boolean closing;

    /**
     * @param denoiser returns the output for each sample of a batch; all samples have the same key
     * @param places maximum number of active samples; others wait until one of these is finished
     * @param calls number of threads that call the denoiser, each with another key; it becomes 1 when memory is
     *     insufficient
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

    /** Creates a loop that calls these models. */
    public static DenoiseLoop of(Models models, Listener listener, int places) {
        int calls = models.device().isGpu() ? CALLS_OF_GPU : 1;
        return new DenoiseLoop(DenoiseLoop::predict, listener, places, calls);
    }

    static float[][] predict(List<Sample> batch) {
        return batch.getFirst()
                .model()
                .predict(batch.stream().map(Sample::denoiserInput).toList());
    }

    /** Adds a sample. If there is a place, it makes its first step within one step of the others. */
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

    /** Returns the number of samples that have a place. */
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

    /** Waits for the next batch; returns an empty one when the loop is closing. */
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
            throw new IllegalStateException("the thread of the denoiser was interrupted", e);
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

    /** Calls the denoiser. If memory is insufficient for concurrent calls, it repeats the call alone. */
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

    /** Waits until a call may start; returns whether no other call runs at the same time. */
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

    /**
     * Retries a failed batch in halves. They may fit into memory, and an error of one sample does not fail the others.
     */
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

    /** Returns whether memory was insufficient. JNI passes on no specific exception of torch. */
    private static boolean outOfMemory(Throwable fault) {
        String message = String.valueOf(fault.getMessage());
        return fault instanceof OutOfMemoryError
                || message.contains("out of memory")
                || message.contains("can't allocate memory");
    }

    /** Stops every sample after its current step. */
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
