package io.ruido.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.ruido.config.RuidoConfig.TracingConfig;
import java.net.URI;

/** Sends traces to a collector by OTLP over HTTP; off unless an endpoint is configured. */
final class Traces {
    private Traces() {}

    static OpenTelemetry open(TracingConfig config, String service) {
        return config.endpoint()
                .<OpenTelemetry>map(endpoint -> exporting(endpoint, config, service))
                .orElse(OpenTelemetry.noop());
    }

    private static OpenTelemetrySdk exporting(URI endpoint, TracingConfig config, String service) {
        OtlpHttpSpanExporter exporter = OtlpHttpSpanExporter.builder()
                .setEndpoint(endpoint.toString())
                .setTimeout(config.timeout())
                .build();
        Resource resource = Resource.getDefault().toBuilder()
                .put(AttributeKey.stringKey("service.name"), service)
                .build();
        SdkTracerProvider tracers = SdkTracerProvider.builder()
                .setResource(resource)
                .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(config.sampled())))
                .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
                .build();
        return OpenTelemetrySdk.builder().setTracerProvider(tracers).build();
    }
}
