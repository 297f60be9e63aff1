package io.ruido.gateway.openai;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.ruido.config.RuidoConfig.UploadsConfig;
import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestTraces;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.gateway.jobs.ImageRoute;
import io.ruido.gateway.jobs.Jobs;
import io.ruido.gateway.jobs.SynchronousJobs;
import io.ruido.gateway.models.ModelCatalog;
import io.ruido.gateway.uploads.Uploads;
import io.ruido.job.Job;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.ModelCard;
import io.ruido.job.SampleId;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/**
 * {@code /v1/videos}, as OpenAI's clients call it. Each video is a job of one clip: it waits in the queue like any
 * other, and no request waits for it.
 */
public final class VideoRoutes {
    private static final String POLL_AFTER = "openai-poll-after-ms";
    private static final String POLL_AFTER_MILLIS = "1000";
    private static final int PAGE = 100;

    private final SynchronousJobs submissions;
    private final Jobs jobs;
    private final ImageRoute images;
    private final ModelCatalog catalog;
    private final Uploads uploads;
    private final Duration retention;

    /** @param retention how long a finished job is kept */
    public VideoRoutes(
            SynchronousJobs submissions,
            Jobs jobs,
            ImageRoute images,
            ModelCatalog catalog,
            Uploads uploads,
            Duration retention) {
        this.submissions = submissions;
        this.jobs = jobs;
        this.images = images;
        this.catalog = catalog;
        this.uploads = uploads;
        this.retention = retention;
    }

    /** @param maxBodyBytes maximum size of a request, excluding the image that a clip begins with */
    public List<Route> routes(RequestTraces traces, long maxBodyBytes, UploadsConfig limits) {
        return Stream.of(
                        Route.of("createVideo", traces.traced(this::create))
                                .maxBodyBytes(maxBodyBytes + 2L * limits.maxBytes())
                                .submittingJobs(),
                        Route.of("remixVideo", traces.traced(this::remix)).submittingJobs(),
                        Route.of("listVideos", this::list),
                        Route.of("getVideo", this::get),
                        Route.of("deleteVideo", this::delete),
                        Route.of("getVideoContent", this::content))
                .map(route -> route.errors(OpenAiError::format))
                .toList();
    }

    private void create(RoutingContext ctx) {
        JsonObject body = RequestValidation.body(ctx);
        model(ctx, body.getString("model"))
                .compose(card -> firstFrame(ctx, body)
                        .onComplete(kept -> RequestValidation.releaseBody(ctx))
                        .compose(image -> submissions.submit(
                                ctx,
                                VideoSubmission.of(body, card, image),
                                VideoSubmission.names(body),
                                Video.origin(null))))
                .compose(job -> view(ctx, job))
                .onFailure(ctx::fail);
    }

    /** Finds the named model, or the first one that makes clips. */
    private Future<ModelCard> model(RoutingContext ctx, String name) {
        CompletionStage<ModelCard> found = name != null
                ? catalog.require(name)
                : catalog.all().thenCompose(cards -> catalog.defaultOf(cards)
                        .filter(card -> card.clips() != null)
                        .or(() -> cards.stream()
                                .filter(card -> card.clips() != null)
                                .findFirst())
                        .map(CompletableFuture::completedStage)
                        .orElseGet(() -> catalog.require(null)));
        return Reply.on(ctx, found).map(card -> {
            if (card.clips() == null) {
                throw VideoSubmission.refused("model", card.name(), "must be a model of clips, but it makes images");
            }
            return card;
        });
    }

    /** Stores the image that the clip begins with: a part of a form, or a {@code data:} URI in JSON. */
    private Future<Optional<String>> firstFrame(RoutingContext ctx, JsonObject body) {
        String tenant = Caller.of(ctx).tenant();
        byte[] part = RequestValidation.takeParts(ctx).get(VideoSubmission.IMAGE);
        if (part != null) {
            return Reply.on(ctx, uploads.keep(VideoSubmission.IMAGE, part, tenant, ctx.response()::closed))
                    .map(kept -> Optional.of(kept.id()));
        }
        if (!(body.getValue(VideoSubmission.IMAGE) instanceof JsonObject reference)) {
            return Future.succeededFuture(Optional.empty());
        }
        String address = reference.getString("image_url");
        return Reply.on(
                        ctx,
                        uploads.keep(
                                VideoSubmission.IMAGE,
                                () -> Uploads.decoded(VideoSubmission.IMAGE, address),
                                tenant,
                                ctx.response()::closed))
                .map(kept -> Optional.of(kept.id()));
    }

    private void remix(RoutingContext ctx) {
        String prompt = RequestValidation.body(ctx).getString("prompt");
        find(ctx)
                .compose(original -> submissions.submit(
                        ctx,
                        VideoSubmission.remix(
                                original.job().params(), original.job().negativePrompt(), prompt),
                        Map.of(),
                        Video.origin(original.job().jobId())))
                .compose(job -> view(ctx, job))
                .onFailure(ctx::fail);
    }

    private Future<Void> view(RoutingContext ctx, Job job) {
        return Reply.on(ctx, jobs.find(Caller.of(ctx), job.jobId()))
                .onSuccess(status -> reply(ctx, status))
                .mapEmpty();
    }

    private void get(RoutingContext ctx) {
        find(ctx).onSuccess(status -> reply(ctx, status)).onFailure(ctx::fail);
    }

    private void reply(RoutingContext ctx, JobStatus status) {
        if (!status.state().terminal()) {
            ctx.response().putHeader(POLL_AFTER, POLL_AFTER_MILLIS);
        }
        Reply.json(ctx, 200, Video.of(status, retention));
    }

    private Future<JobStatus> find(RoutingContext ctx) {
        String id = RequestValidation.value(ctx, "video_id");
        return Reply.on(ctx, jobs.find(Caller.of(ctx), Video.job(id))).map(status -> {
            if (!Video.isClip(status)) {
                throw Video.unknown(id);
            }
            return status;
        });
    }

    private record ListView(
            String object,
            List<Video> data,
            @JsonProperty("first_id") String firstId,
            @JsonProperty("last_id") String lastId,
            @JsonProperty("has_more") boolean hasMore) {}

    private void list(RoutingContext ctx) {
        int limit = RequestValidation.value(ctx, "limit");
        String after = RequestValidation.value(ctx, "after");
        Reply.on(ctx, clips(Caller.of(ctx), after == null ? null : Video.job(after), limit + 1, new ArrayList<>()))
                .onSuccess(found -> {
                    List<Video> data = found.stream()
                            .limit(limit)
                            .map(status -> Video.of(status, retention))
                            .toList();
                    Reply.json(
                            ctx,
                            200,
                            new ListView(
                                    "list",
                                    data,
                                    data.isEmpty() ? null : data.getFirst().id(),
                                    data.isEmpty() ? null : data.getLast().id(),
                                    found.size() > limit));
                })
                .onFailure(ctx::fail);
    }

    /** Lists the caller's newest clips; its other jobs are skipped. */
    private CompletionStage<List<JobStatus>> clips(Caller caller, UUID before, int count, List<JobStatus> found) {
        return jobs.list(caller, before, PAGE, Optional.empty(), Optional.empty())
                .thenCompose(page -> {
                    page.jobs().stream().filter(Video::isClip).forEach(found::add);
                    return found.size() >= count || page.next() == null
                            ? CompletableFuture.completedStage(found.subList(0, Math.min(count, found.size())))
                            : clips(caller, page.next(), count, found);
                });
    }

    private record Deleted(String id, String object, boolean deleted) {}

    /** Deletes a clip, after cancelling it if it is not finished. */
    private void delete(RoutingContext ctx) {
        find(ctx)
                .compose(status -> Reply.on(
                                ctx, jobs.delete(Caller.of(ctx), status.job().jobId()))
                        .map(status))
                .onSuccess(status ->
                        Reply.json(ctx, 200, new Deleted(Video.id(status.job().jobId()), "video.deleted", true)))
                .onFailure(ctx::fail);
    }

    private void content(RoutingContext ctx) {
        boolean thumbnail = RequestValidation.value(ctx, "variant").equals("thumbnail");
        find(ctx)
                .compose(status -> {
                    if (status.state() != JobState.SUCCEEDED) {
                        String state = Video.of(status, retention).status();
                        throw new ProblemException(Problem.of(
                                Problem.Code.NOT_FOUND,
                                "Video %s has no content: it is %s."
                                        .formatted(Video.id(status.job().jobId()), state)));
                    }
                    SampleId sample = new SampleId(status.job().jobId(), 0);
                    return images.send(
                            ctx,
                            status,
                            sample,
                            thumbnail ? ImageRoute.Variant.THUMBNAIL : ImageRoute.Variant.RESULT,
                            false);
                })
                .onFailure(ctx::fail);
    }
}
