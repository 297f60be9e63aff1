package io.ruido.worker;

import ai.djl.util.cuda.CudaUtils;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.ruido.job.SamplingJob;
import io.ruido.queue.JobSlot;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/** Sees what the worker does and tells it as metrics, by model. Thread-safe. */
final class Observer {
    private final MeterProvider<Timer> stages;
    private final MeterProvider<Timer> calls;
    private final MeterProvider<DistributionSummary> rows;
    private final MeterProvider<Counter> steps;
    private final Counter deadLetters;
    private final AtomicInteger active = new AtomicInteger();
    private final LongAdder latelySteps = new LongAdder();
    private final LongAdder latelyCalls = new LongAdder();
    private final LongAdder latelyRows = new LongAdder();
    private long asked = System.nanoTime();

    /**
     * @param active samples
     * @param rows that shared a call of the denoiser, on average; 0 when there was none
     */
    record Load(int active, double rows, double stepsPerSecond) {}

    Observer(MeterRegistry metrics) {
        stages = Timer.builder("ruido.stage")
                .description("time that jobs and images spend in each stage")
                .withRegistry(metrics);
        calls = Timer.builder("ruido.denoiser.call")
                .description("duration of the denoiser's calls")
                .withRegistry(metrics);
        rows = DistributionSummary.builder("ruido.denoiser.rows")
                .description("rows that share a call of the denoiser")
                .withRegistry(metrics);
        steps = Counter.builder("ruido.steps")
                .description("denoising steps made")
                .withRegistry(metrics);
        deadLetters = Counter.builder("ruido.dead.letters")
                .description("records that no worker could do")
                .register(metrics);
        Gauge.builder("ruido.active.samples", active, AtomicInteger::get)
                .description("images that are being denoised")
                .register(metrics);
        if (Model.DEVICE.isGpu()) {
            Gauge.builder("ruido.gpu.memory.used", Observer::gpuMemory)
                    .description("memory of the GPU in use, by any process")
                    .baseUnit("bytes")
                    .register(metrics);
        }
    }

    /** Notes how long jobs waited that come to this handler first. A job that is delivered again counts again. */
    JobSlot.Handler watching(JobSlot.Handler handler) {
        return job -> {
            boolean first = !(job instanceof SamplingJob sampling) || sampling.conditioningKey() == null;
            if (first) {
                // By two clocks, the gateway's and this one: near enough to tell seconds from minutes.
                record(Stage.QUEUED, job.params().model(), Duration.between(job.submittedAt(), Instant.now()));
            }
            return handler.handle(job);
        };
    }

    /** Does the work of a stage. */
    <T> T stage(Stage stage, String model, Supplier<T> work) {
        long begin = System.nanoTime();
        T result = work.get();
        record(stage, model, Duration.ofNanos(System.nanoTime() - begin));
        return result;
    }

    private void record(Stage stage, String model, Duration time) {
        stages.withTags("stage", stage.label(), "model", model).record(time);
    }

    /** The sample begins to take part in the denoiser's calls. */
    void denoising(Sample sample) {
        long begin = System.nanoTime();
        active.incrementAndGet();
        sample.end().whenComplete((end, fault) -> {
            active.decrementAndGet();
            if (end instanceof Sample.End.Denoised) {
                record(Stage.SAMPLING, sample.params().model(), Duration.ofNanos(System.nanoTime() - begin));
            }
        });
    }

    /** The denoiser was called. */
    void called(String model, int batch, Duration time) {
        calls.withTag("model", model).record(time);
        rows.withTag("model", model).record(batch);
        latelyCalls.increment();
        latelyRows.add(batch);
    }

    void step(String model) {
        steps.withTag("model", model).increment();
        latelySteps.increment();
    }

    /** In bytes, in use by any process. */
    static long gpuMemory() {
        return CudaUtils.getGpuMemory(Model.DEVICE).getUsed();
    }

    /** What the worker does now, and what it did since this was last asked for. */
    synchronized Load load() {
        long now = System.nanoTime();
        double seconds = (now - asked) / 1e9;
        asked = now;
        long calls = latelyCalls.sumThenReset();
        return new Load(
                active.get(),
                calls == 0 ? 0 : (double) latelyRows.sumThenReset() / calls,
                latelySteps.sumThenReset() / seconds);
    }

    /** A record went to the dead letters. */
    void gaveUp() {
        deadLetters.increment();
    }
}
