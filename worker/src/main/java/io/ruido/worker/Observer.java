package io.ruido.worker;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import io.ruido.job.Job;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingJob;
import io.ruido.kafka.Acknowledgement;
import io.ruido.kafka.JobConsumer;
import io.ruido.telemetry.Metric;
import io.ruido.worker.denoise.DenoiseLoop;
import io.ruido.worker.denoise.Sample;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;

/** Reports what the worker does as metrics by model and in the traces of jobs. Thread-safe. */
final class Observer implements DenoiseLoop.Listener {
    private final Tracer tracer;
    private final MeterProvider<Timer> stages;
    private final MeterProvider<Timer> calls;
    private final MeterProvider<DistributionSummary> rows;
    private final MeterProvider<Counter> steps;
    private final Counter deadLetters;
    private final Throughput throughput = new Throughput();
    private final Device device;

    /** @param device device of the models */
    Observer(MeterRegistry metrics, Tracer tracer, Device device) {
        this.tracer = tracer;
        this.device = device;
        stages = Timer.builder(Metric.STAGE.meter())
                .description(Metric.STAGE.description())
                .withRegistry(metrics);
        calls = Timer.builder(Metric.DENOISER_CALL.meter())
                .description(Metric.DENOISER_CALL.description())
                .withRegistry(metrics);
        rows = DistributionSummary.builder(Metric.DENOISER_ROWS.meter())
                .description(Metric.DENOISER_ROWS.description())
                .withRegistry(metrics);
        steps = Counter.builder(Metric.STEPS.meter())
                .description(Metric.STEPS.description())
                .withRegistry(metrics);
        deadLetters = Counter.builder(Metric.DEAD_LETTERS.meter())
                .description(Metric.DEAD_LETTERS.description())
                .register(metrics);
        if (device.isGpu()) {
            Gauge.builder(Metric.GPU_MEMORY.meter(), this, Observer::gpuMemory)
                    .description(Metric.GPU_MEMORY.description())
                    .baseUnit("bytes")
                    .register(metrics);
        }
    }

    /** Returns a handler that observes the jobs that reach another one. */
    JobConsumer.Handler watching(JobConsumer.Handler handler) {
        return job -> switch (job) {
            case PromptJob prompt -> {
                waited(prompt);
                yield handler.handle(prompt);
            }
            case SamplingJob sampling -> {
                if (sampling.conditioningKey() == null) {
                    waited(sampling);
                }
                yield image(sampling, handler);
            }
        };
    }

    /**
     * Records how long a job has waited; a redelivered job counts again. The start is by the gateway's clock and the
     * end by the worker's, which is accurate enough for seconds and minutes.
     */
    private void waited(Job job) {
        Instant now = Instant.now();
        String model = job.params().model();
        span(Stage.QUEUED, model)
                .setStartTimestamp(job.submittedAt())
                .startSpan()
                .end(now);
        record(Stage.QUEUED, model, Duration.between(job.submittedAt(), now));
    }

    private Acknowledgement image(SamplingJob job, JobConsumer.Handler handler) throws Exception {
        Span span = tracer.spanBuilder("image")
                .setAttribute("ruido.job.id", job.jobId().toString())
                .setAttribute("ruido.image.index", job.id().index())
                .startSpan();
        try (Scope _ = span.makeCurrent()) {
            return handler.handle(job);
        } catch (Exception e) {
            fail(span, e);
            throw e;
        } finally {
            span.end();
        }
    }

    /** Runs and measures the work of a stage. */
    <T> T stage(Stage stage, String model, Supplier<T> work) {
        long begin = System.nanoTime();
        Span span = span(stage, model).startSpan();
        try (Scope _ = span.makeCurrent()) {
            T result = work.get();
            record(stage, model, Duration.ofNanos(System.nanoTime() - begin));
            return result;
        } catch (RuntimeException | Error e) {
            fail(span, e);
            throw e;
        } finally {
            span.end();
        }
    }

    private SpanBuilder span(Stage stage, String model) {
        return tracer.spanBuilder(stage.label()).setAttribute("ruido.model", model);
    }

    private static void fail(Span span, Throwable fault) {
        span.setStatus(StatusCode.ERROR).recordException(fault);
    }

    /** Begins one span for all steps of a sample. */
    @Override
    public void denoising(Sample sample) {
        long begin = System.nanoTime();
        String model = sample.params().model();
        int from = sample.denoising().step();
        Span span = span(Stage.SAMPLING, model)
                .setAttribute("ruido.sampler", sample.params().sampler())
                .setAttribute("ruido.steps", sample.denoising().steps())
                .startSpan();
        sample.end().whenComplete((end, fault) -> {
            if (end instanceof Sample.End.Denoised) {
                record(Stage.SAMPLING, model, Duration.ofNanos(System.nanoTime() - begin));
            }
            if (fault != null) {
                fail(span, fault);
            }
            span.setAttribute("ruido.steps.made", sample.denoising().step() - from)
                    .end();
        });
    }

    private void record(Stage stage, String model, Duration time) {
        stages.withTags("stage", stage.label(), "model", model).record(time);
    }

    @Override
    public void called(String model, int batchRows, Duration time) {
        calls.withTag("model", model).record(time);
        rows.withTag("model", model).record(batchRows);
        throughput.call(batchRows);
    }

    void step(String model) {
        steps.withTag("model", model).increment();
        throughput.step();
    }

    Device device() {
        return device;
    }

    /** Returns the GPU memory in use by all processes, in bytes. */
    long gpuMemory() {
        return CudaUtils.getGpuMemory(device).getUsed();
    }

    Throughput throughput() {
        return throughput;
    }

    /** Counts a record that went to the dead-letter topic. */
    void gaveUp() {
        deadLetters.increment();
    }
}
