package io.ruido.worker;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that runs the denoiser. A step is the unit of scheduling: every active sample gets one in turn, so a
 * sample that arrives starts within a step of each other, and a short one does not wait for a long one.
 *
 * <p>Each call of the denoiser holds one sample: a kernel may sum in another order for another batch size, and a seed's
 * picture must not depend on what else runs.
 */
final class DenoiseLoop implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DenoiseLoop.class);

    private final BlockingQueue<Sample> arrivals = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile boolean closing;

    DenoiseLoop() {
        this.thread = Thread.ofPlatform().name("denoise").start(this::run);
    }

    /** Takes the sample's first step as soon as those that run have each made one. */
    void add(Sample sample) {
        arrivals.add(sample);
        if (closing) {
            sample.end().complete(new Sample.End.Interrupted());
        }
    }

    boolean closed() {
        return closing;
    }

    private void run() {
        Queue<Sample> active = new ArrayDeque<>();
        try {
            while (!closing) {
                if (active.isEmpty()) {
                    active.add(arrivals.take());
                }
                arrivals.drainTo(active);
                Sample next = active.remove();
                if (next.advance()) {
                    active.add(next);
                }
            }
        } catch (InterruptedException e) {
            log.debug("closed while there was nothing to do");
        }
        active.addAll(arrivals);
        active.forEach(sample -> sample.end().complete(new Sample.End.Interrupted()));
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
