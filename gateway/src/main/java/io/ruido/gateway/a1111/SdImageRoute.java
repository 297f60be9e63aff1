package io.ruido.gateway.a1111;

import io.ruido.config.RuidoConfig.UploadsConfig;
import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Problems;
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
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** {@code POST /sdapi/v1/txt2img} and {@code img2img}, as AUTOMATIC1111's clients call it. */
public final class SdImageRoute {
    /** The origin that marks jobs of this interface. */
    static final String ORIGIN = "a1111";

    private final SynchronousJobs jobs;
    private final ModelCatalog catalog;
    private final Checkpoint checkpoint;
    private final Uploads uploads;

    public SdImageRoute(SynchronousJobs jobs, ModelCatalog catalog, Checkpoint checkpoint, Uploads uploads) {
        this.jobs = jobs;
        this.catalog = catalog;
        this.checkpoint = checkpoint;
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
        Map<String, Object> values = SdParameters.ofText(RequestValidation.body(ctx));
        generate(ctx, values, new JsonObject(), Optional.empty()).onFailure(ctx::fail);
    }

    private void fromPicture(RoutingContext ctx) {
        JsonObject body = RequestValidation.body(ctx);
        Map<String, Object> values = SdParameters.ofImage(body);
        JsonObject source = new JsonObject();
        String picture = picture(values);
        Optional<RequestMask> mask = Optional.ofNullable((String) values.get(SdParameters.MASK))
                .filter(base64 -> !base64.isEmpty())
                .map(base64 -> new RequestMask(base64, bytes -> decoded(SdParameters.MASK, bytes)));
        Inpainting inpainting = Inpainting.of(values);
        Optional<OnlyMaskedJob> part = mask.filter(_ -> Boolean.TRUE.equals(values.get("inpaint_full_res")))
                .map(sent -> new OnlyMaskedJob(
                        () -> decoded(SdParameters.IMAGES, Uploads.decoded(SdParameters.IMAGES, picture)),
                        sent,
                        inpainting,
                        values));
        keep(ctx, SdParameters.IMAGES, () -> part.map(OnlyMaskedJob::picture)
                        .orElseGet(() -> filled(inpainting, Uploads.decoded(SdParameters.IMAGES, picture), mask)))
                .compose(image -> {
                    source.put("image", image.id());
                    return mask.isEmpty()
                            ? Future.succeededFuture()
                            : keep(ctx, SdParameters.MASK, () -> part.map(OnlyMaskedJob::mask)
                                            .orElseGet(() -> prepared(inpainting, mask.get())))
                                    .onSuccess(kept -> source.put("mask", kept.id()));
                })
                .compose(kept -> {
                    withoutPictures(body, values); // They are large, and the client waits for long.
                    RequestValidation.releaseBody(ctx);
                    return generate(ctx, values, source, part);
                })
                .onFailure(ctx::fail);
    }

    private static String picture(Map<String, Object> values) {
        JsonArray pictures = (JsonArray) values.getOrDefault(SdParameters.IMAGES, new JsonArray());
        if (pictures.size() != 1) {
            throw new InvalidFieldException(SdParameters.IMAGES, pictures.size() + " images", "must have one image");
        }
        if (!(pictures.getValue(0) instanceof String picture)) {
            throw new InvalidFieldException(SdParameters.IMAGES, pictures.getValue(0), "must have one image in base64");
        }
        return picture;
    }

    private byte[] filled(Inpainting inpainting, byte[] picture, Optional<RequestMask> mask) {
        return mask.isEmpty() || !inpainting.fill()
                ? picture
                : inpainting.filled(
                        decoded(SdParameters.IMAGES, picture), mask.get().image());
    }

    private static byte[] prepared(Inpainting inpainting, RequestMask mask) {
        return inpainting.changesMask() ? inpainting.mask(mask.image()) : mask.bytes();
    }

    private BufferedImage decoded(String field, byte[] bytes) {
        return uploads.read(field, bytes).image();
    }

    private Future<Upload> keep(RoutingContext ctx, String field, Supplier<byte[]> picture) {
        return Reply.on(ctx, uploads.keep(field, picture, Caller.of(ctx).tenant(), ctx.response()::closed));
    }

    /**
     * @param source what the job begins with, as fields of a {@code Submission}
     * @param part of a picture that the job draws
     */
    private Future<Void> generate(
            RoutingContext ctx, Map<String, Object> values, JsonObject source, Optional<OnlyMaskedJob> part) {
        JsonObject body = RequestValidation.body(ctx);
        boolean send = !Boolean.FALSE.equals(values.get("send_images"));
        Map<String, Object> settings = SdSubmission.settings(values);
        return model(ctx, SdSubmission.model((String) settings.get(SdParameters.CHECKPOINT)))
                .map(card -> submission(values, settings, source, card))
                .compose(submission -> jobs.submit(ctx, submission, SdSubmission.NAMES, ORIGIN))
                .compose(job -> answer(ctx, job, body, send, part));
    }

    /**
     * Fails with a {@link ProblemException} when there is no such model.
     *
     * @param name or alias; null for the checkpoint
     */
    private Future<ModelCard> model(RoutingContext ctx, String name) {
        CompletionStage<ModelCard> card = name == null
                ? checkpoint.of(Caller.of(ctx).tenant()).thenCompose(set -> catalog.require(set.orElse(null)))
                : catalog.require(name);
        return Reply.on(ctx, card)
                .recover(error -> Future.failedFuture(
                        new ProblemException(Problems.of(error).renamed(SdSubmission.NAMES), error)));
    }

    private static JsonObject submission(
            Map<String, Object> values, Map<String, Object> settings, JsonObject source, ModelCard card) {
        JsonObject submission = SdSubmission.of(values, settings, card).mergeIn(source);
        if (submission.containsKey("image")) {
            submission.put("strength", SdSubmission.strength(values, SdSubmission.steps(submission, card)));
        }
        SdHires.put(values, submission, card);
        return submission;
    }

    private Future<Void> answer(
            RoutingContext ctx, Job job, JsonObject body, boolean send, Optional<OnlyMaskedJob> part) {
        return jobs.finished(ctx, job)
                .compose(finished -> send ? jobs.base64(ctx, finished) : Future.succeededFuture(List.of()))
                .compose(images -> part.isEmpty()
                        ? Future.succeededFuture(images)
                        : ctx.vertx().executeBlocking(() -> part.get().laidIn(images, job)))
                .onSuccess(images ->
                        Reply.json(ctx, 200, new Answer(images, body.getMap(), JobJson.write(SdInfo.of(job)))))
                .mapEmpty();
    }

    private static void withoutPictures(JsonObject body, Map<String, Object> values) {
        boolean wanted = Boolean.TRUE.equals(values.get("include_init_images"));
        Stream.of(SdParameters.IMAGES, SdParameters.MASK).forEach(field -> {
            values.remove(field);
            if (!wanted && body.containsKey(field)) {
                body.putNull(field);
            }
        });
    }
}
