package io.ruido.gateway.openai;

import io.ruido.config.RuidoConfig.UploadsConfig;
import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestTraces;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.gateway.jobs.SynchronousJobs;
import io.ruido.gateway.uploads.Uploads;
import io.ruido.job.Upload;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** {@code POST /v1/images/generations}, {@code edits} and {@code variations}, as OpenAI's clients call them. */
public final class OpenAiRoute {
    /** Marks the jobs of this interface. */
    private static final String ORIGIN = "openai";

    private static final String IMAGE = "image";
    private static final String MASK = "mask";

    private final SynchronousJobs jobs;
    private final OpenAiAnswers answers;
    private final Uploads uploads;

    public OpenAiRoute(SynchronousJobs jobs, OpenAiAnswers answers, Uploads uploads) {
        this.jobs = jobs;
        this.answers = answers;
        this.uploads = uploads;
    }

    /** @param maxBodyBytes maximum size of a request, excluding the image and the mask of an edit */
    public List<Route> routes(RequestTraces traces, long maxBodyBytes, UploadsConfig uploads) {
        return Stream.of(
                        Route.of("createImages", traces.traced(this::generate)),
                        Route.of("editImage", traces.traced(this::edit))
                                .maxBodyBytes(maxBodyBytes + 2L * uploads.maxBytes()),
                        Route.of("varyImage", traces.traced(this::vary))
                                .maxBodyBytes(maxBodyBytes + uploads.maxBytes()))
                .map(route -> route.errors(OpenAiError::format).submittingJobs())
                .toList();
    }

    private void generate(RoutingContext ctx) {
        JsonObject body = RequestValidation.body(ctx);
        OpenAiAnswers.check(body);
        jobs.submit(ctx, OpenAiSubmission.of(body), OpenAiSubmission.NAMES, ORIGIN)
                .compose(job -> answers.send(ctx, job, body, "image_generation"))
                .onFailure(ctx::fail);
    }

    private void edit(RoutingContext ctx) {
        OpenAiAnswers.check(RequestValidation.body(ctx));
        Map<String, byte[]> parts = RequestValidation.takeParts(ctx);
        changed(ctx, edited(ctx, parts), "image_edit");
    }

    /** Changes the image with an empty prompt and the default strength. */
    private void vary(RoutingContext ctx) {
        OpenAiAnswers.check(RequestValidation.body(ctx));
        byte[] file = RequestValidation.takeParts(ctx).get(IMAGE);
        Future<JsonObject> source = keep(ctx, file).map(image -> new JsonObject().put(IMAGE, image.id()));
        changed(ctx, source, "image_variation");
    }

    /** @param source image and mask that the job starts from, as fields of a {@code Submission} */
    private void changed(RoutingContext ctx, Future<JsonObject> source, String stream) {
        JsonObject body = RequestValidation.body(ctx);
        source.onComplete(kept -> RequestValidation.releaseBody(ctx))
                .compose(fields ->
                        jobs.submit(ctx, OpenAiSubmission.of(body).mergeIn(fields), OpenAiSubmission.NAMES, ORIGIN))
                .compose(job -> answers.send(ctx, job, body, stream))
                .onFailure(ctx::fail);
    }

    /**
     * Stores the image and its mask, or the image's transparent part as the mask. The masked part is repainted with
     * strength 1.
     */
    private Future<JsonObject> edited(RoutingContext ctx, Map<String, byte[]> parts) {
        String tenant = Caller.of(ctx).tenant();
        byte[] file = parts.get(IMAGE);
        byte[] mask = parts.get(MASK);
        return keep(ctx, file).compose(image -> {
            Future<Optional<Upload>> kept = mask == null
                    ? Reply.on(ctx, uploads.keepHole(IMAGE, file, tenant, ctx.response()::closed))
                    : Reply.on(ctx, uploads.keepTransparency(MASK, mask, image, tenant, ctx.response()::closed))
                            .map(Optional::of);
            JsonObject source = new JsonObject().put(IMAGE, image.id());
            return kept.map(
                    hole -> hole.map(found -> source.put(MASK, found.id()).put("strength", 1))
                            .orElse(source));
        });
    }

    private Future<Upload> keep(RoutingContext ctx, byte[] file) {
        return Reply.on(ctx, uploads.keep(IMAGE, file, Caller.of(ctx).tenant(), ctx.response()::closed));
    }
}
