package io.ruido.gateway.monitoring;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.ruido.gateway.http.Problems;
import io.ruido.gateway.http.Reply;
import io.ruido.job.JobState;
import io.ruido.job.Priority;
import io.ruido.redis.Overview;
import io.ruido.telemetry.Metric;
import io.ruido.telemetry.Telemetry;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import io.vertx.micrometer.Label;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code GET /metrics}. Metrics of the whole system are read from Redis at each request, so every gateway reports the
 * same values. They are absent while Redis is unavailable.
 */
public final class MetricsRoute {
    private static final Logger log = LoggerFactory.getLogger(MetricsRoute.class);
    private static final Set<HttpMethod> METHODS = Set.of(
            HttpMethod.GET,
            HttpMethod.HEAD,
            HttpMethod.POST,
            HttpMethod.PUT,
            HttpMethod.PATCH,
            HttpMethod.DELETE,
            HttpMethod.OPTIONS);

    private static final long REDIS_ANSWERS_WITHIN_MILLIS = 1_000;

    private final PrometheusMeterRegistry registry;
    private final Overview overview;
    private final Executor blocking;
    private final MultiGauge waiting;
    private final MultiGauge waitingImages;
    private final MultiGauge oldest;
    private final MultiGauge admitted;
    private final MultiGauge workers;
    private final Map<Tags, Long> finished = new ConcurrentHashMap<>();

    public MetricsRoute(PrometheusMeterRegistry registry, Overview overview, Executor blocking) {
        this.registry = registry;
        this.overview = overview;
        this.blocking = blocking;
        this.waiting = gauge(Metric.QUEUE_JOBS, null);
        this.waitingImages = gauge(Metric.QUEUE_IMAGES, null);
        this.oldest = gauge(Metric.QUEUE_OLDEST, "seconds");
        this.admitted = gauge(Metric.ADMITTED_IMAGES, null);
        this.workers = gauge(Metric.WORKERS, null);
    }

    private MultiGauge gauge(Metric metric, String unit) {
        return MultiGauge.builder(metric.meter())
                .baseUnit(unit)
                .description(metric.description())
                .register(registry);
    }

    public static MicrometerMetricsOptions options() {
        Set<MetricsDomain> unused = EnumSet.complementOf(EnumSet.of(MetricsDomain.HTTP_SERVER));
        return new MicrometerMetricsOptions()
                .setEnabled(true)
                .setLabels(EnumSet.of(Label.HTTP_CODE, Label.HTTP_ROUTE))
                .setServerRequestTagsProvider(request -> Tags.of("method", method(request.method())))
                .setDisabledMetricsCategories(
                        unused.stream().map(MetricsDomain::toCategory).collect(Collectors.toSet()));
    }

    /** Replaces unknown methods, because clients can invent methods and each label value would be a new series. */
    private static String method(HttpMethod method) {
        return METHODS.contains(method) ? method.name() : "other";
    }

    public void scrape(RoutingContext ctx) {
        Reply.on(
                        ctx,
                        overview.read(0)
                                .toCompletableFuture()
                                .orTimeout(REDIS_ANSWERS_WITHIN_MILLIS, TimeUnit.MILLISECONDS)
                                .exceptionally(this::without)
                                .thenApplyAsync(this::page, blocking))
                .onSuccess(page -> {
                    ctx.response().putHeader(HttpHeaders.CONTENT_TYPE, Telemetry.CONTENT_TYPE);
                    Reply.end(ctx.request(), Buffer.buffer(page));
                })
                .onFailure(ctx::fail);
    }

    private List<Overview.Model> without(Throwable error) {
        log.atLevel(Problems.level(error)).log("metrics are incomplete, Redis is unavailable: {}", error.toString());
        return List.of();
    }

    private synchronized String page(List<Overview.Model> models) {
        waiting.register(rows(models, queue -> queue.jobs()), true);
        waitingImages.register(rows(models, queue -> queue.images()), true);
        oldest.register(rows(models, queue -> queue.oldest() / 1e3), true);
        admitted.register(
                models.stream().map(model -> row(model, model.admitted())).toList(), true);
        workers.register(
                models.stream().map(model -> row(model, model.workers())).toList(), true);
        models.forEach(model -> model.finished().forEach((state, jobs) -> finished(model, state, jobs)));
        return registry.scrape();
    }

    private static List<Row<?>> rows(List<Overview.Model> models, ToDoubleFunction<Overview.Waiting> figure) {
        return models.stream()
                .<Row<?>>flatMap(model -> Stream.of(Priority.values())
                        .map(priority -> Row.of(
                                of(model).and("priority", priority.label()),
                                figure.applyAsDouble(model.waiting(priority)))))
                .toList();
    }

    private static Row<?> row(Overview.Model model, long value) {
        return Row.of(of(model), value);
    }

    private static Tags of(Overview.Model model) {
        return Tags.of("model", model.name());
    }

    private void finished(Overview.Model model, JobState state, long jobs) {
        Tags tags = of(model).and("outcome", state.name().toLowerCase(Locale.ROOT));
        if (finished.put(tags, jobs) == null) {
            FunctionCounter.builder(Metric.JOBS_FINISHED.meter(), finished, all -> all.get(tags))
                    .tags(tags)
                    .description(Metric.JOBS_FINISHED.description())
                    .register(registry);
        }
    }
}
