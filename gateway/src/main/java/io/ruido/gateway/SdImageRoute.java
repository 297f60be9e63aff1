package io.ruido.gateway;

import io.ruido.job.Job;
import io.ruido.job.JobJson;
import io.ruido.job.ModelCard;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** {@code POST /sdapi/v1/txt2img}, as AUTOMATIC1111's clients call it. */
final class SdImageRoute {
    private static final String SETTINGS = "override_settings";
    private static final String CHECKPOINT = "sd_model_checkpoint";
    private static final Map<String, String> NAMES = Map.of(
            "negativePrompt", "negative_prompt",
            "count", "batch_size",
            "guidanceScale", "cfg_scale",
            "sampler", "sampler_name",
            "model", SETTINGS + "." + CHECKPOINT);

    private final AttendedJobs jobs;
    private final ModelCatalog catalog;

    SdImageRoute(AttendedJobs jobs, ModelCatalog catalog) {
        this.jobs = jobs;
        this.catalog = catalog;
    }

    private record Answer(List<String> images, Map<String, Object> parameters, String info) {}

    void generate(RoutingContext ctx) {
        JsonObject body = RequestValidation.body(ctx);
        Reply.on(ctx, catalog.all())
                .compose(cards -> jobs.submit(ctx, submission(body, cards), NAMES))
                .compose(job -> answer(ctx, job, body))
                .onFailure(ctx::fail);
    }

    private Future<Void> answer(RoutingContext ctx, Job job, JsonObject body) {
        boolean send = !Boolean.FALSE.equals(body.getBoolean("send_images"));
        return jobs.finished(ctx, job)
                .compose(done -> send ? jobs.base64(ctx, job) : Future.succeededFuture(List.of()))
                .onSuccess(images ->
                        Reply.json(ctx, 200, new Answer(images, body.getMap(), JobJson.write(SdInfo.of(job)))))
                .mapEmpty();
    }

    private static JsonObject submission(JsonObject body, List<ModelCard> cards) {
        Long seed = body.getLong("seed");
        return new JsonObject()
                .put("prompt", body.getString("prompt"))
                .put("negativePrompt", body.getString("negative_prompt"))
                .put("model", model(body.getJsonObject(SETTINGS)))
                .put("count", times(body.getInteger("batch_size"), body.getInteger("n_iter")))
                .put("width", body.getInteger("width"))
                .put("height", body.getInteger("height"))
                .put("steps", body.getInteger("steps"))
                .put("guidanceScale", body.getValue("cfg_scale"))
                .put("sampler", sampler(body, cards))
                .put("seed", seed == null || seed < 0 ? null : seed);
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
