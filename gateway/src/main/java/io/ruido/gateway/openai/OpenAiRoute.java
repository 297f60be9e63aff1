package io.ruido.gateway.openai;

import io.ruido.config.RuidoConfig.UploadsConfig;
import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestTraces;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.gateway.jobs.SynchronousJobs;
import io.ruido.gateway.uploads.Uploads;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;

/** {@code POST /v1/images/generations} and {@code /v1/images/edits}, as OpenAI's clients call them. */
public final class OpenAiRoute {
    private static final Map<String, String> NAMES = Map.of("count", "n", "width", "size", "height", "size");
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

    /** @param maxBodyBytes of a request, excluding the image and the mask of an edit */
    public List<Route> routes(RequestTraces traces, long maxBodyBytes, UploadsConfig uploads) {
        return List.of(
                Route.of("createImages", traces.traced(this::generate))
                        .errors(OpenAiError::format)
                        .submittingJobs(),
                Route.of("editImage", traces.traced(this::edit))
                        .maxBodyBytes(maxBodyBytes + 2L * uploads.maxBytes())
                        .errors(OpenAiError::format)
                        .submittingJobs());
    }

    private void generate(RoutingContext ctx) {
        JsonObject body = RequestValidation.body(ctx);
        OpenAiAnswers.check(body);
        jobs.submit(ctx, submission(body), NAMES, "openai")
                .compose(job -> answers.send(ctx, job, body, "image_generation"))
                .onFailure(ctx::fail);
    }

    private void edit(RoutingContext ctx) {
        JsonObject body = RequestValidation.body(ctx);
        OpenAiAnswers.check(body);
        pictures(ctx)
                .onComplete(kept -> RequestValidation.releaseBody(ctx))
                .compose(pictures -> jobs.submit(ctx, submission(body).mergeIn(pictures), NAMES, "openai"))
                .compose(job -> answers.send(ctx, job, body, "image_edit"))
                .onFailure(ctx::fail);
    }

    /** What the job begins with. What is painted anew shall owe nothing to what was there. */
    private Future<JsonObject> pictures(RoutingContext ctx) {
        Map<String, byte[]> parts = RequestValidation.takeParts(ctx);
        String tenant = Caller.of(ctx).tenant();
        return Reply.on(ctx, uploads.keep(IMAGE, parts.get(IMAGE), tenant, ctx.response()::closed))
                .compose(image -> {
                    JsonObject source = new JsonObject().put(IMAGE, image.id());
                    byte[] mask = parts.get(MASK);
                    return mask == null
                            ? Future.succeededFuture(source)
                            : Reply.on(ctx, uploads.keepTransparency(MASK, mask, image, tenant, ctx.response()::closed))
                                    .map(kept -> source.put(MASK, kept.id()).put("strength", 1));
                });
    }

    private static JsonObject submission(JsonObject body) {
        JsonObject submission = new JsonObject()
                .put("prompt", body.getString("prompt"))
                .put("model", body.getString("model"))
                .put("count", body.getInteger("n"))
                .put("frames", 1);
        String size = body.getString("size");
        if (size != null && !size.equals("auto")) {
            String[] sides = size.split("x");
            submission.put("width", Integer.valueOf(sides[0])).put("height", Integer.valueOf(sides[1]));
        }
        return submission;
    }
}
