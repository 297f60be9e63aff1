package io.ruido.gateway.monitoring;

import io.ruido.gateway.http.AccessRule;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.Route;
import io.ruido.job.JobState;
import io.ruido.job.Priority;
import io.ruido.redis.ModelRegistry;
import io.ruido.redis.Overview;
import io.ruido.redis.WorkerStatus;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** {@code GET /v1/stats}: the state of the whole system, for people and autoscalers. */
public final class StatsRoute {
    private static final List<JobState> ENDS =
            Stream.of(JobState.values()).filter(JobState::terminal).toList();

    private final Overview overview;
    private final ModelRegistry registry;

    public StatsRoute(Overview overview, ModelRegistry registry) {
        this.overview = overview;
        this.registry = registry;
    }

    public Route route() {
        return Route.of("getStats", this::get).access(AccessRule.ADMIN);
    }

    /** @param running number of images that are being denoised */
    private record Stats(int running, List<Model> models, List<WorkerStatus> workers, List<Minute> minutes) {
        static Stats of(List<Overview.Model> models, List<WorkerStatus> workers) {
            return new Stats(
                    workers.stream().mapToInt(WorkerStatus::active).sum(),
                    models.stream().map(Model::of).toList(),
                    workers,
                    IntStream.range(0, models.isEmpty() ? 0 : Overview.MINUTES)
                            .mapToObj(n -> Minute.of(models.stream()
                                    .map(model -> model.minutes().get(n))
                                    .toList()))
                            .toList());
        }
    }

    private record Model(String name, int workers, long admitted, List<Queue> queue, Map<String, Long> finished) {
        static Model of(Overview.Model model) {
            List<Queue> queue = Stream.of(Priority.values())
                    .map(priority -> Queue.of(priority, model.waiting(priority)))
                    .toList();
            Map<String, Long> finished = new LinkedHashMap<>();
            ENDS.forEach(end -> finished.put(label(end), model.finished().getOrDefault(end, 0L)));
            return new Model(model.name(), model.workers(), model.admitted(), queue, finished);
        }
    }

    private record Queue(Priority priority, long jobs, double oldestSeconds) {
        static Queue of(Priority priority, Overview.Waiting waiting) {
            return new Queue(priority, waiting.jobs(), waiting.oldest() / 1e3);
        }
    }

    private record Minute(Instant at, Map<String, Long> jobs, long images, long steps) {
        static Minute of(List<Overview.Minute> models) {
            Map<String, Long> jobs = new LinkedHashMap<>();
            ENDS.forEach(end -> jobs.put(label(end), sum(models, end.name())));
            return new Minute(
                    Instant.ofEpochMilli(models.getFirst().at()), jobs, sum(models, "images"), sum(models, "steps"));
        }

        private static long sum(List<Overview.Minute> models, String what) {
            return models.stream().mapToLong(model -> model.count(what)).sum();
        }
    }

    private static String label(JobState state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    private void get(RoutingContext ctx) {
        Reply.on(ctx, overview.read(Overview.MINUTES).thenCombine(registry.reports(), Stats::of))
                .onSuccess(stats -> Reply.json(ctx, 200, stats))
                .onFailure(ctx::fail);
    }
}
