package io.ruido.gateway;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import io.vertx.micrometer.Label;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/** What Prometheus can ask: jobs accepted, open watchers, the JVM, and requests by route, method and status. */
final class Metrics {
    private static final String RESPONSE_TIME = "vertx.http.server.response.time";
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(5),
        Duration.ofMillis(25),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10)
    };

    private Metrics() {}

    static PrometheusMeterRegistry registry() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        // Vert.x registers these once a request, which Micrometer warns of.
        registry.config().meterFilter(MeterFilter.denyNameStartsWith("vertx.http.server.active"));
        registry.config().meterFilter(new MeterFilter() {
            @Override
            public DistributionStatisticConfig configure(Meter.Id id, DistributionStatisticConfig config) {
                if (!id.getName().equals(RESPONSE_TIME)) {
                    return config;
                }
                double[] nanos =
                        Arrays.stream(BUCKETS).mapToDouble(Duration::toNanos).toArray();
                return DistributionStatisticConfig.builder()
                        .serviceLevelObjectives(nanos)
                        .build()
                        .merge(config);
            }
        });
        return registry;
    }

    static MicrometerMetricsOptions options() {
        Set<MetricsDomain> unused = EnumSet.complementOf(EnumSet.of(MetricsDomain.HTTP_SERVER));
        return new MicrometerMetricsOptions()
                .setEnabled(true)
                .setJvmMetricsEnabled(true)
                .setLabels(EnumSet.of(Label.HTTP_METHOD, Label.HTTP_CODE, Label.HTTP_ROUTE))
                .setDisabledMetricsCategories(
                        unused.stream().map(MetricsDomain::toCategory).collect(Collectors.toSet()));
    }

    /** {@code GET /metrics} */
    static void scrape(RoutingContext ctx, PrometheusMeterRegistry registry) {
        ctx.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")
                .end(registry.scrape());
    }
}
