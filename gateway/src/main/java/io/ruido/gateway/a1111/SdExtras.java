package io.ruido.gateway.a1111;

import static io.ruido.gateway.a1111.SdParameter.Type.FLAG;
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
import io.vertx.ext.web.RoutingContext;
import java.awt.Dimension;
import java.awt.image.BufferedImage;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** {@code POST /sdapi/v1/extra-single-image}, which enlarges an image without a model. */
public final class SdExtras {
    static final String IMAGE = "image";
    private static final String UPSCALER = "upscaler_1";
    private static final String SCALE = "upscaling_resize";
    private static final String WIDTH = "upscaling_resize_w";
    private static final String HEIGHT = "upscaling_resize_h";
    private static final long TO_SIZE = 1;
    private static final double USUAL_SCALE = 2;
    private static final long USUAL_SIDE = 512;

    static final List<SdParameter> PARAMETERS = List.of(
            honoured(IMAGE, TEXT, "an image in base64"),
            honoured(UPSCALER, TEXT, "`Lanczos`; the image stays as it is with `None`, or when absent"),
            honoured("resize_mode", WHOLE, "0: by `upscaling_resize`, 1: to the size; 0 when absent"),
            honoured(SCALE, NUMBER, "2 when absent"),
            honoured(WIDTH, WHOLE, "in pixels, 512 when absent; of no effect with `resize_mode` 0"),
            honoured(HEIGHT, WHOLE, "in pixels, 512 when absent; of no effect with `resize_mode` 0"),
            honoured("upscaling_crop", FLAG, "whether what is beyond the size is cut off; true when absent"),
            neutral("upscaler_2", TEXT, "", "None"),
            ignored("extras_upscaler_2_visibility", "of no effect without `upscaler_2`"),
            neutral("gfpgan_visibility", NUMBER, 0),
            neutral("codeformer_visibility", NUMBER, 0),
            ignored("codeformer_weight", "of no effect without `codeformer_visibility`"),
            ignored("upscale_first", "of no effect without restored faces"),
            ignored("show_extras_results", "the response contains the image"));

    private final Uploads uploads;
    private final UploadsConfig limits;

    public SdExtras(Uploads uploads, UploadsConfig limits) {
        this.uploads = uploads;
        this.limits = limits;
    }

    /** @param maxBodyBytes of a request, excluding its image */
    public Route route(long maxBodyBytes) {
        return Route.of("sdExtraSingleImage", this::enlarge)
                .maxBodyBytes(maxBodyBytes + 4L * Math.ceilDiv(limits.maxBytes(), 3))
                .errors(SdError::format);
    }

    private void enlarge(RoutingContext ctx) {
        Map<String, Object> values = SdParameters.of(RequestValidation.body(ctx), PARAMETERS);
        RequestValidation.releaseBody(ctx);
        Reply.on(ctx, uploads.work(Caller.of(ctx).tenant(), () -> enlarged(values)))
                .onSuccess(image -> Reply.json(ctx, 200, Map.of("html_info", "", IMAGE, image)))
                .onFailure(ctx::fail);
    }

    private String enlarged(Map<String, Object> values) {
        BufferedImage image = uploads.read(IMAGE, Uploads.decoded(IMAGE, (String) values.get(IMAGE)))
                .image();
        BufferedImage result =
                switch (upscaler(values)) {
                    case "None" -> image;
                    case "Lanczos" ->
                        Long.valueOf(TO_SIZE).equals(values.get("resize_mode"))
                                ? toSize(image, values)
                                : byScale(image, (Double) values.getOrDefault(SCALE, USUAL_SCALE));
                    default ->
                        throw new InvalidFieldException(UPSCALER, values.get(UPSCALER), "must be None or Lanczos");
                };
        return Base64.getEncoder().encodeToString(ImageEncoder.png(result));
    }

    private static String upscaler(Map<String, Object> values) {
        String name = ((String) values.getOrDefault(UPSCALER, "")).strip();
        return name.isEmpty() ? "None" : name;
    }

    private BufferedImage byScale(BufferedImage image, double scale) {
        double width = image.getWidth() * scale;
        double height = image.getHeight() * scale;
        checkSize(SCALE, scale, width, height);
        return MaskedRegion.resized(image, (int) width, (int) height);
    }

    /** Covers the size in the image's proportions. */
    private BufferedImage toSize(BufferedImage image, Map<String, Object> values) {
        Dimension size = new Dimension();
        size.setSize(side(values, WIDTH), side(values, HEIGHT));
        double scale = Math.max(size.getWidth() / image.getWidth(), size.getHeight() / image.getHeight());
        int width = Math.max(size.width, (int) Math.min(image.getWidth() * scale, Integer.MAX_VALUE));
        int height = Math.max(size.height, (int) Math.min(image.getHeight() * scale, Integer.MAX_VALUE));
        checkSize(WIDTH, values.get(WIDTH), width, height);
        BufferedImage covering = MaskedRegion.resized(image, width, height);
        return Boolean.FALSE.equals(values.get("upscaling_crop"))
                ? covering
                : covering.getSubimage((width - size.width) / 2, (height - size.height) / 2, size.width, size.height);
    }

    private static long side(Map<String, Object> values, String field) {
        long side = (Long) values.getOrDefault(field, USUAL_SIDE);
        if (side < 1) {
            throw new InvalidFieldException(field, side, "must be at least 1");
        }
        return side;
    }

    private void checkSize(String field, Object value, double width, double height) {
        if (!(width >= 1 && height >= 1 && width * height <= limits.maxPixels())) {
            throw new InvalidFieldException(
                    field, value, "must give an image of 1 to %d pixels".formatted(limits.maxPixels()));
        }
    }
}
