package io.ruido.telemetry;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;

/** The buckets of every histogram by name. They are few, so that they cost Prometheus little. */
final class Histograms implements MeterFilter {
    private static final Map<String, double[]> BUCKETS = Map.of(
            "vertx.http.server.response.time",
            millis(1, 5, 25, 100, 500, 2_000, 10_000),
            Metric.STAGE.meter(),
            millis(10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000),
            Metric.DENOISER_CALL.meter(),
            millis(1, 3, 10, 30, 100, 300, 1_000, 3_000),
            Metric.DENOISER_ROWS.meter(),
            new double[] {1, 2, 4, 8, 16, 32, 64});

    private static double[] millis(long... bounds) {
        return Arrays.stream(bounds)
                .mapToDouble(bound -> Duration.ofMillis(bound).toNanos())
                .toArray();
    }

    @Override
    public DistributionStatisticConfig configure(Meter.Id id, DistributionStatisticConfig config) {
        double[] buckets = BUCKETS.get(id.getName());
        return buckets == null
                ? config
                : DistributionStatisticConfig.builder()
                        .serviceLevelObjectives(buckets)
                        .build()
                        .merge(config);
    }
}
