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
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.ruido.config.RuidoConfig.TracingConfig;
import java.util.concurrent.TimeUnit;

/** The metrics and traces of a process. Metrics of the JVM are registered from the start. */
public final class Telemetry implements AutoCloseable {
    /** The content type of what {@link PrometheusMeterRegistry#scrape()} returns. */
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    /** The last spans are lost if the collector does not respond. */
    private static final long CLOSE_TIMEOUT_SECONDS = 2;

    private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collections = new JvmGcMetrics();
    private final OpenTelemetry traces;

    /** @param service name of the process in traces */
    public Telemetry(TracingConfig config, String service) {
        this(Traces.open(config, service));
    }

    /** @param traces receives the spans; it is closed with this if it can be closed */
    public Telemetry(OpenTelemetry traces) {
        this.traces = traces;
        // Filters must be registered before the first meter. Vert.x registers these meters at each request, which
        // Micrometer warns about.
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

    public Tracer tracer() {
        return traces.getTracer("io.ruido");
    }

    @Override
    public void close() {
        if (traces instanceof OpenTelemetrySdk sdk) {
            sdk.shutdown().join(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        }
        collections.close();
        metrics.close();
    }
}
