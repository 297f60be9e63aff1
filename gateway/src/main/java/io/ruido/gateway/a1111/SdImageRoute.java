package io.ruido.gateway.a1111;

import io.ruido.config.RuidoConfig.UploadsConfig;
import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestTraces;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.gateway.jobs.SynchronousJobs;
import io.ruido.gateway.models.ModelCatalog;
import io.ruido.gateway.uploads.Uploads;
import io.ruido.job.InvalidFieldException;
import io.ruido.job.Job;
import io.ruido.job.JobJson;
import io.ruido.job.ModelCard;
import io.ruido.job.Upload;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** {@code POST /sdapi/v1/txt2img} and {@code img2img}, as AUTOMATIC1111's clients call it. */
public final class SdImageRoute {
    private static final double STRENGTH = 0.75;
    private static final String SETTINGS = "override_settings";
    private static final String CHECKPOINT = "sd_model_checkpoint";
    private static final String PICTURES = "init_images";
    private static final String MASK = "mask";
    private static final Map<String, String> NAMES = Map.of(
            "negativePrompt", "negative_prompt",
            "count", "batch_size",
            "guidanceScale", "cfg_scale",
            "sampler", "sampler_name",
            "model", SETTINGS + "." + CHECKPOINT,
            "variationSeed", "subseed",
            "variationStrength", "subseed_strength",
            "image", PICTURES,
            "strength", "denoising_strength");

    private final SynchronousJobs jobs;
    private final ModelCatalog catalog;
    private final Uploads uploads;

    public SdImageRoute(SynchronousJobs jobs, ModelCatalog catalog, Uploads uploads) {
        this.jobs = jobs;
        this.catalog = catalog;
        this.uploads = uploads;
    }

    /** @param maxBodyBytes of a request, excluding its images */
    public List<Route> routes(RequestTraces traces, long maxBodyBytes, UploadsConfig uploads) {
        long imageInBase64 = 4L * Math.ceilDiv(uploads.maxBytes(), 3);
        return List.of(
                Route.of("txt2img", traces.traced(this::fromText))
                        .errors(SdError::format)
                        .submittingJobs(),
                Route.of("img2img", traces.traced(this::fromPicture))
                        .maxBodyBytes(maxBodyBytes + 2 * imageInBase64) // the image and its mask
                        .errors(SdError::format)
                        .submittingJobs());
    }

    private record Answer(List<String> images, Map<String, Object> parameters, String info) {}

    private void fromText(RoutingContext ctx) {
        generate(ctx, new JsonObject()).onFailure(ctx::fail);
    }

    private void fromPicture(RoutingContext ctx) {
        JsonObject body = RequestValidation.body(ctx);
        Double strength = body.getDouble("denoising_strength");
        JsonObject source = new JsonObject().put("strength", strength == null ? STRENGTH : strength);
        keep(ctx, PICTURES, body.getJsonArray(PICTURES).getValue(0))
                .compose(image -> {
                    source.put("image", image.id());
                    Object mask = body.getValue(MASK);
                    return mask == null
                            ? Future.succeededFuture()
                            : keep(ctx, MASK, mask).onSuccess(kept -> source.put(MASK, kept.id()));
                })
                .compose(kept -> {
                    withoutPictures(body); // They are large, and the client waits for long.
                    RequestValidation.releaseBody(ctx);
                    return generate(ctx, source);
                })
                .onFailure(ctx::fail);
    }

    private Future<Upload> keep(RoutingContext ctx, String field, Object picture) {
        return picture instanceof String base64
                ? Reply.on(ctx, uploads.keepBase64(field, base64, Caller.of(ctx).tenant(), ctx.response()::closed))
                : Future.failedFuture(new InvalidFieldException(field, picture, "must be an image in base64"));
    }

    /** @param source what the job begins with, as fields of a {@code Submission} */
    private Future<Void> generate(RoutingContext ctx, JsonObject source) {
        JsonObject body = RequestValidation.body(ctx);
        return Reply.on(ctx, catalog.all())
                .compose(cards -> jobs.submit(ctx, submission(body, cards).mergeIn(source), NAMES))
                .compose(job -> answer(ctx, job, body));
    }

    private Future<Void> answer(RoutingContext ctx, Job job, JsonObject body) {
        boolean send = !Boolean.FALSE.equals(body.getBoolean("send_images"));
        return jobs.finished(ctx, job)
                .compose(finished -> send ? jobs.base64(ctx, finished) : Future.succeededFuture(List.of()))
                .onSuccess(images ->
                        Reply.json(ctx, 200, new Answer(images, body.getMap(), JobJson.write(SdInfo.of(job)))))
                .mapEmpty();
    }

    private static void withoutPictures(JsonObject body) {
        boolean wanted = Boolean.TRUE.equals(body.getBoolean("include_init_images"));
        Stream.of(PICTURES, MASK)
                .filter(field -> !wanted && body.containsKey(field))
                .forEach(body::putNull);
    }

    private static JsonObject submission(JsonObject body, List<ModelCard> cards) {
        Double variation = body.getDouble("subseed_strength");
        return new JsonObject()
                .put("prompt", body.getString("prompt"))
                .put("negativePrompt", body.getString("negative_prompt"))
                .put("model", model(body.getJsonObject(SETTINGS)))
                .put("count", times(body.getInteger("batch_size"), body.getInteger("n_iter")))
                .put("width", body.getInteger("width"))
                .put("height", body.getInteger("height"))
                .put("frames", 1)
                .put("steps", body.getInteger("steps"))
                .put("guidanceScale", body.getValue("cfg_scale"))
                .put("sampler", sampler(body, cards))
                .put("seed", seed(body, "seed"))
                .put("variationSeed", variation == null || variation == 0 ? null : seed(body, "subseed"))
                .put("variationStrength", variation);
    }

    /** Null for one that is drawn at random. */
    private static Long seed(JsonObject body, String field) {
        Long seed = body.getLong(field);
        return seed == null || seed < 0 ? null : seed;
    }

    private static String model(JsonObject settings) {
        if (settings == null) {
            return null;
        }
        List<Problem.Field> refused = settings.stream()
                .filter(setting -> !setting.getKey().equals(CHECKPOINT) || !(setting.getValue() instanceof String))
                .map(setting -> new Problem.Field(
                        SETTINGS + "." + setting.getKey(),
                        setting.getValue(),
                        "cannot be overridden; only %s can, by a name".formatted(CHECKPOINT)))
                .toList();
        if (!refused.isEmpty()) {
            throw new ProblemException(Problem.invalid(refused));
        }
        return settings.getString(CHECKPOINT);
    }

    private static Integer times(Integer batchSize, Integer batches) {
        return batchSize == null && batches == null
                ? null
                : Integer.valueOf((batchSize == null ? 1 : batchSize) * (batches == null ? 1 : batches));
    }

    /** The id of the sampler with that title or id; unknown names are left to be refused with the known ones. */
    private static String sampler(JsonObject body, List<ModelCard> cards) {
        String name = body.getString("sampler_name") == null
                ? body.getString("sampler_index")
                : body.getString("sampler_name");
        String scheduler = body.getString("scheduler");
        if (name == null) {
            return null;
        }
        boolean plain = scheduler == null || scheduler.isEmpty() || scheduler.equalsIgnoreCase("automatic");
        String title = plain ? name : name + " " + scheduler;
        return cards.stream()
                .flatMap(card -> card.samplers().stream())
                .filter(sampler ->
                        Stream.of(sampler.id(), sampler.title()).anyMatch(known -> known.equalsIgnoreCase(title)))
                .map(ModelCard.Sampler::id)
                .findFirst()
                .orElse(title);
    }
}
