package io.ruido.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

/** What a process tells of itself. Of the JVM it tells from the beginning. */
public final class Telemetry implements AutoCloseable {
    /** Of what {@link PrometheusMeterRegistry#scrape()} answers. */
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collections = new JvmGcMetrics();

    public Telemetry() {
        // Filters have to come before the first meter. Vert.x registers these once a request, which Micrometer warns
        // of.
        metrics.config()
                .meterFilter(MeterFilter.denyNameStartsWith("vertx.http.server.active"))
                .meterFilter(new Histograms());
        collections.bindTo(metrics);
        new JvmMemoryMetrics().bindTo(metrics);
        new JvmThreadMetrics().bindTo(metrics);
        new ClassLoaderMetrics().bindTo(metrics);
        new ProcessorMetrics().bindTo(metrics);
        new UptimeMetrics().bindTo(metrics);
        new FileDescriptorMetrics().bindTo(metrics);
        // Tensors are outside the JVM's heap.
        Gauge.builder("process.resident.memory", ResidentMemory::bytes)
                .description("memory of the process, native memory included")
                .baseUnit("bytes")
                .register(metrics);
    }

    public PrometheusMeterRegistry metrics() {
        return metrics;
    }

    @Override
    public void close() {
        collections.close();
        metrics.close();
    }
}
