package io.ruido.gateway.a1111;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Problems;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.gateway.jobs.Jobs;
import io.ruido.gateway.models.ModelCatalog;
import io.ruido.job.JobEvent;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.PromptJob;
import io.ruido.redis.AddOnRegistry;
import io.ruido.redis.EventStream;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Progress, samplers, models and settings. AUTOMATIC1111's clients ask about one server that does one thing at a time: here
 * that is the job of this interface that runs, or else the one that waits longest. The checkpoint is a setting of the
 * tenant.
 */
public final class SdRoutes {
    private static final int EVENTS_WITH_A_PREVIEW_AMONG_THEM = 50;
    /** More than anybody waits for at a time. */
    private static final int UNFINISHED = 50;

    private final Jobs jobs;
    private final EventStream events;
    private final ModelCatalog catalog;
    private final AddOnRegistry loras;
    private final AddOnRegistry embeddings;
    private final Checkpoint checkpoint;
    private final RememberedOptions remembered;
    private final InstantSource clock;

    public SdRoutes(
            Jobs jobs,
            EventStream events,
            ModelCatalog catalog,
            AddOnRegistry loras,
            AddOnRegistry embeddings,
            Checkpoint checkpoint,
            RememberedOptions remembered,
            InstantSource clock) {
        this.jobs = jobs;
        this.events = events;
        this.catalog = catalog;
        this.loras = loras;
        this.embeddings = embeddings;
        this.checkpoint = checkpoint;
        this.remembered = remembered;
        this.clock = clock;
    }

    public List<Route> routes() {
        return Stream.of(
                        Route.of("sdProgress", this::progress),
                        Route.of("sdInterrupt", this::interrupt),
                        Route.of("sdSkip", this::interrupt),
                        Route.of("sdSamplers", this::samplers),
                        Route.of("sdModels", this::models),
                        Route.of("sdLoras", this::loras),
                        Route.of("sdEmbeddings", this::embeddings),
                        Route.of("sdOptions", this::options),
                        Route.of("setSdOptions", this::setOptions))
                .map(route -> route.errors(SdError::format))
                .toList();
    }

    private record Sampler(String name, List<String> aliases, Map<String, String> options) {}

    private record Model(
            String title,
            @JsonProperty("model_name") String name,
            String hash,
            String sha256,
            String filename,
            String config) {}

    private void progress(RoutingContext ctx) {
        boolean preview = "false".equalsIgnoreCase(RequestValidation.value(ctx, "skip_current_image"));
        current(ctx)
                .compose(job -> job.isEmpty()
                        ? Future.succeededFuture(SdProgress.IDLE)
                        : preview(ctx, job.get(), preview)
                                .map(image -> SdProgress.of(job.get(), image, clock.instant())))
                .onSuccess(progress -> Reply.json(ctx, 200, progress))
                .onFailure(ctx::fail);
    }

    private void interrupt(RoutingContext ctx) {
        current(ctx)
                .compose(job -> job.isEmpty()
                        ? Future.succeededFuture()
                        : Reply.on(
                                        ctx,
                                        jobs.cancel(
                                                Caller.of(ctx).withoutAdmin(),
                                                job.get().job().jobId()))
                                .recover(SdRoutes::unlessFinished)
                                .mapEmpty())
                .onSuccess(done -> Reply.json(ctx, 200, Map.of()))
                .onFailure(ctx::fail);
    }

    private void samplers(RoutingContext ctx) {
        Reply.on(ctx, catalog.all())
                .onSuccess(cards -> Reply.json(
                        ctx,
                        200,
                        cards.stream()
                                .flatMap(card -> card.samplers().stream())
                                .distinct()
                                .map(sampler -> new Sampler(sampler.title(), List.of(sampler.id()), Map.of()))
                                .toList()))
                .onFailure(ctx::fail);
    }

    private void models(RoutingContext ctx) {
        Reply.on(ctx, catalog.all())
                .onSuccess(cards -> Reply.json(
                        ctx,
                        200,
                        cards.stream()
                                .map(card -> new Model(card.name(), card.name(), null, null, card.name(), null))
                                .toList()))
                .onFailure(ctx::fail);
    }

    private record Lora(String name, String alias, String path, Map<String, String> metadata) {}

    private void loras(RoutingContext ctx) {
        Reply.on(ctx, loras.list())
                .onSuccess(cards -> Reply.json(
                        ctx,
                        200,
                        cards.stream()
                                .map(card -> new Lora(card.name(), card.name(), card.name() + ".safetensors", Map.of()))
                                .toList()))
                .onFailure(ctx::fail);
    }

    private void embeddings(RoutingContext ctx) {
        Reply.on(ctx, embeddings.list())
                .onSuccess(files -> {
                    JsonObject loaded = new JsonObject();
                    files.forEach(file -> loaded.put(file.name(), new JsonObject()));
                    Reply.json(ctx, 200, Map.of("loaded", loaded.getMap(), "skipped", Map.of()));
                })
                .onFailure(ctx::fail);
    }

    private void options(RoutingContext ctx) {
        String tenant = Caller.of(ctx).tenant();
        checkpoint(ctx)
                .compose(name -> Reply.on(ctx, remembered.of(tenant)).map(options -> {
                    options.putAll(SdParameters.options(name));
                    return options;
                }))
                .onSuccess(options -> Reply.json(ctx, 200, options))
                .onFailure(ctx::fail);
    }

    /** The checkpoint lasts, and what changes nothing is remembered; other options can only be what they are. */
    private void setOptions(RoutingContext ctx) {
        JsonObject body = RequestValidation.body(ctx);
        Map<String, Object> wanted = SdParameters.ofOptions(body);
        String tenant = Caller.of(ctx).tenant();
        String model = SdSubmission.model((String) wanted.get(SdParameters.CHECKPOINT));
        Future<Void> done = model == null
                ? Future.succeededFuture()
                : Reply.on(ctx, catalog.require(model).thenCompose(card -> checkpoint.put(tenant, card.name())))
                        .recover(error -> Future.failedFuture(new ProblemException(
                                Problems.of(error).renamed(Map.of("model", SdParameters.CHECKPOINT)))));
        done.compose(set -> Reply.on(ctx, remembered.put(tenant, body.getMap())))
                .onSuccess(set -> Reply.json(ctx, 200, Map.of()))
                .onFailure(ctx::fail);
    }

    private Future<String> checkpoint(RoutingContext ctx) {
        return Reply.on(ctx, checkpoint.of(Caller.of(ctx).tenant())).map(name -> name.orElse(""));
    }

    private Future<Optional<JobStatus>> current(RoutingContext ctx) {
        return Reply.on(ctx, jobs.live(Caller.of(ctx), UNFINISHED))
                .map(live -> live.stream().filter(SdRoutes::ofThisInterface).toList())
                .map(live -> live.stream()
                        .filter(job -> job.state() != JobState.QUEUED)
                        .findFirst()
                        .or(() -> live.reversed().stream().findFirst()));
    }

    private static boolean ofThisInterface(JobStatus status) {
        return status.job() instanceof PromptJob job && SdImageRoute.ORIGIN.equals(job.origin());
    }

    private Future<String> preview(RoutingContext ctx, JobStatus job, boolean wanted) {
        return wanted
                ? Reply.on(ctx, events.newest(job.job().jobId(), EVENTS_WITH_A_PREVIEW_AMONG_THEM))
                        .map(newest -> newest.stream()
                                .map(event -> event instanceof JobEvent.Step step ? step.preview() : null)
                                .filter(Objects::nonNull)
                                .map(uri -> uri.substring(uri.indexOf(',') + 1))
                                .findFirst()
                                .orElse(null))
                : Future.succeededFuture();
    }

    private static Future<JobStatus> unlessFinished(Throwable error) {
        boolean finished = Problems.of(error).code().equals(Problem.Code.ALREADY_FINISHED.label());
        return finished ? Future.succeededFuture() : Future.failedFuture(error);
    }
}
