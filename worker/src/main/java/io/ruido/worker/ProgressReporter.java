package io.ruido.worker;

import io.ruido.diffusion.SampleState;
import io.ruido.job.Artifact;
import io.ruido.kafka.JobConsumer;
import io.ruido.worker.denoise.Sample;
import java.util.Base64;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** Reports steps and saves checkpoints on its own thread, so that the denoiser waits for neither. */
final class ProgressReporter implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ProgressReporter.class);

    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("progress").factory());
    private final int saveEvery;
    private final Observer observer;

    /** @param saveEvery number of steps between two checkpoints */
    ProgressReporter(int saveEvery, Observer observer) {
        this.saveEvery = saveEvery;
        this.observer = observer;
    }

    /**
     * Reports a step; called between two steps of the sample. Only the state of the first pass is saved.
     *
     * @param before number of steps in earlier passes
     * @param steps number of steps in all passes
     */
    void tell(Claims.Held held, Sample sample, SampleState denoising, int before, int steps) {
        observer.step(sample.params().model());
        int step = before + denoising.step();
        float[] x0 = denoising.x0();
        boolean due = before == 0 && step % saveEvery == 0 && !denoising.done();
        byte[] state = due ? denoising.save() : null;
        thread.execute(() -> {
            try (var _ = MDC.putCloseable(JobConsumer.JOB_ID, sample.jobId())) {
                if (due) {
                    held.save(state);
                }
                held.step(step, steps, preview(sample, x0));
            }
        });
    }

    private static String preview(Sample sample, float[] x0) {
        try {
            Artifact artifact = sample.model().preview(x0, sample.params());
            return "data:%s;base64,%s"
                    .formatted(artifact.mediaType(), Base64.getEncoder().encodeToString(artifact.bytes()));
        } catch (RuntimeException e) {
            log.warn("cannot draw a preview; the step is reported without one", e);
            return "";
        }
    }

    /** Returns when all steps made so far are sent to Redis. */
    void flush() throws InterruptedException, ExecutionException {
        thread.submit(() -> {}).get();
    }

    @Override
    public void close() {
        thread.close();
    }
}
