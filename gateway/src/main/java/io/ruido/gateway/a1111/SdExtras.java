package io.ruido.gateway.a1111;

import static io.ruido.gateway.a1111.SdParameter.Type.FLAG;
import static io.ruido.gateway.a1111.SdParameter.Type.LIST;
import static io.ruido.gateway.a1111.SdParameter.Type.NUMBER;
import static io.ruido.gateway.a1111.SdParameter.Type.TEXT;
import static io.ruido.gateway.a1111.SdParameter.Type.WHOLE;
import static io.ruido.gateway.a1111.SdParameter.honoured;
import static io.ruido.gateway.a1111.SdParameter.ignored;
import static io.ruido.gateway.a1111.SdParameter.neutral;

import io.ruido.config.RuidoConfig.UploadsConfig;
import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.gateway.uploads.Uploads;
import io.ruido.image.ImageEncoder;
import io.ruido.job.InvalidFieldException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/** {@code POST /sdapi/v1/extra-single-image} and {@code extra-batch-images}, which enlarge images without a model. */
public final class SdExtras {
    static final String IMAGE = "image";
    private static final String IMAGES = "imageList";
    private static final int MOST_IMAGES = 16;
    /** Images of the maximum size, for which a request of several has room. */
    private static final int LARGE_IMAGES = 4;

    /** The parameters of both calls. */
    static final List<SdParameter> COMMON = List.of(
            honoured(Enlarger.UPSCALER, TEXT, "`Lanczos`; the image stays as it is with `None`, or when absent"),
            honoured("resize_mode", WHOLE, "0: by `upscaling_resize`, 1: to the size; 0 when absent"),
            honoured(Enlarger.SCALE, NUMBER, "2 when absent"),
            honoured(Enlarger.WIDTH, WHOLE, "in pixels, 512 when absent; of no effect with `resize_mode` 0"),
            honoured(Enlarger.HEIGHT, WHOLE, "in pixels, 512 when absent; of no effect with `resize_mode` 0"),
            honoured("upscaling_crop", FLAG, "whether what is beyond the size is cut off; true when absent"),
            neutral("upscaler_2", TEXT, "", "None"),
            ignored("extras_upscaler_2_visibility", "of no effect without `upscaler_2`"),
            neutral("gfpgan_visibility", NUMBER, 0),
            neutral("codeformer_visibility", NUMBER, 0),
            ignored("codeformer_weight", "of no effect without `codeformer_visibility`"),
            ignored("upscale_first", "of no effect without restored faces"),
            ignored("show_extras_results", "the response contains the images"));

    static final List<SdParameter> SINGLE = List.of(
            honoured(IMAGE, TEXT, "an image in base64"), ignored("model", "accepted and ignored, as by the web UI"));

    static final List<SdParameter> BATCH =
            List.of(honoured(IMAGES, LIST, "1 to 16 objects, each with an image in base64 as `data`, and any `name`"));

    private final Uploads uploads;
    private final UploadsConfig limits;

    public SdExtras(Uploads uploads, UploadsConfig limits) {
        this.uploads = uploads;
        this.limits = limits;
    }

    /** @param maxBodyBytes of a request, excluding its images */
    public List<Route> routes(long maxBodyBytes) {
        long imageInBase64 = 4L * Math.ceilDiv(limits.maxBytes(), 3);
        return List.of(
                Route.of("sdExtraSingleImage", this::enlarge)
                        .maxBodyBytes(maxBodyBytes + imageInBase64)
                        .errors(SdError::format),
                Route.of("sdExtraBatchImages", this::enlargeAll)
                        .maxBodyBytes(maxBodyBytes + LARGE_IMAGES * imageInBase64)
                        .errors(SdError::format));
    }

    private void enlarge(RoutingContext ctx) {
        Map<String, Object> values = values(ctx, SINGLE);
        Enlarger enlarger = new Enlarger(values, limits.maxPixels(), 1);
        String tenant = Caller.of(ctx).tenant();
        Reply.on(ctx, uploads.work(tenant, () -> enlarged(ctx, IMAGE, (String) values.get(IMAGE), enlarger)))
                .onComplete(done -> dropBody(ctx))
                .onSuccess(image -> Reply.json(ctx, 200, Map.of("html_info", "", IMAGE, image)))
                .onFailure(ctx::fail);
    }

    private void enlargeAll(RoutingContext ctx) {
        Map<String, Object> values = values(ctx, BATCH);
        List<String> sent = sent((JsonArray) values.getOrDefault(IMAGES, new JsonArray()));
        Enlarger enlarger = new Enlarger(values, limits.maxPixels(), sent.size());
        String tenant = Caller.of(ctx).tenant();
        List<String> images = new ArrayList<>();
        CompletionStage<Void> all = CompletableFuture.completedStage(null);
        for (String image : sent) { // one after another, and those of other tenants in between
            all = all.thenCompose(before -> uploads.work(tenant, () -> enlarged(ctx, IMAGES, image, enlarger)))
                    .thenAccept(images::add);
        }
        Reply.on(ctx, all)
                .onComplete(done -> dropBody(ctx))
                .onSuccess(done -> Reply.json(ctx, 200, Map.of("html_info", "", "images", images)))
                .onFailure(ctx::fail);
    }

    private static Map<String, Object> values(RoutingContext ctx, List<SdParameter> own) {
        return SdParameters.of(
                RequestValidation.body(ctx),
                Stream.concat(own.stream(), COMMON.stream()).toList());
    }

    /** Its images are large, and a client can read the response slowly. */
    private static void dropBody(RoutingContext ctx) {
        RequestValidation.body(ctx).clear();
        RequestValidation.releaseBody(ctx);
    }

    private static List<String> sent(JsonArray list) {
        if (list.isEmpty() || list.size() > MOST_IMAGES) {
            throw new InvalidFieldException(
                    IMAGES, list.size() + " images", "must have 1 to %d images".formatted(MOST_IMAGES));
        }
        return list.stream()
                .map(one -> {
                    if (one instanceof JsonObject file && file.getValue("data") instanceof String base64) {
                        return base64;
                    }
                    throw new InvalidFieldException(IMAGES, one, "must have objects with an image in base64 as data");
                })
                .toList();
    }

    /** @param field that has the image */
    private String enlarged(RoutingContext ctx, String field, String base64, Enlarger enlarger) {
        if (ctx.response().closed()) {
            throw new InvalidFieldException(field, null, "was not enlarged: the client has disconnected");
        }
        BufferedImage image =
                uploads.read(field, Uploads.decoded(field, base64)).image();
        return Base64.getEncoder().encodeToString(ImageEncoder.png(enlarger.enlarged(field, image)));
    }
}
