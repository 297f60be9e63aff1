package io.ruido.gateway.uploads;

import io.ruido.config.RuidoConfig.UploadsConfig;
import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.ImmutableFile;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.image.ImageFile;
import io.ruido.job.Upload;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;

/** Routes under {@code /v1/uploads}. The body is the image file; its format is detected from its content. */
public final class UploadRoutes {
    private static final String PATH = "/v1/uploads";

    private final Uploads uploads;
    private final UploadsConfig config;
    private final InstantSource clock;

    public UploadRoutes(Uploads uploads, UploadsConfig config, InstantSource clock) {
        this.uploads = uploads;
        this.config = config;
        this.clock = clock;
    }

    public List<Route> routes() {
        return List.of(
                Route.of("upload", this::post).maxBodyBytes(config.maxBytes()), Route.of("getUpload", this::get));
    }

    private record View(String id, int width, int height, Instant expiresAt) {}

    private void post(RoutingContext ctx) {
        checkType(ctx.request().getHeader(HttpHeaders.CONTENT_TYPE));
        byte[] bytes = RequestValidation.takeBody(ctx).getBytes();
        Reply.on(ctx, uploads.keep("body", bytes, Caller.of(ctx).tenant(), ctx.response()::closed))
                .onSuccess(upload -> created(ctx, upload))
                .onFailure(ctx::fail);
    }

    private void created(RoutingContext ctx, Upload upload) {
        ctx.response().putHeader(HttpHeaders.LOCATION, PATH + "/" + upload.id());
        Instant expiresAt = clock.instant().plus(config.retention()).truncatedTo(ChronoUnit.MILLIS);
        Reply.json(ctx, 201, new View(upload.id(), upload.width(), upload.height(), expiresAt));
    }

    private void get(RoutingContext ctx) {
        String id = RequestValidation.value(ctx, "id");
        Reply.on(ctx, uploads.read(id, Caller.of(ctx).tenant()))
                .onSuccess(found -> found.ifPresentOrElse(
                        bytes -> send(ctx, new ImmutableFile(id), bytes),
                        () -> ctx.fail(new ProblemException(Problem.of(
                                Problem.Code.NOT_FOUND,
                                "There is no upload %s; it may have been deleted.".formatted(id))))))
                .onFailure(ctx::fail);
    }

    private static void send(RoutingContext ctx, ImmutableFile file, byte[] bytes) {
        if (!file.sendNotModified(ctx)) {
            file.send(ctx, ImageFile.Format.of(bytes).orElseThrow().mediaType(), bytes);
        }
    }

    /** Refuses forms and text with a clearer error than a failed decoding. */
    private static void checkType(String type) {
        String plain = type == null ? "image/" : type.strip().toLowerCase(Locale.ROOT);
        if (!plain.startsWith("image/") && !plain.startsWith("application/octet-stream")) {
            throw new ProblemException(Problem.of(
                    Problem.Code.UNSUPPORTED_MEDIA_TYPE,
                    "The body must be an image.",
                    List.of(new Problem.Field("Content-Type", type, "must be an image type, such as image/png"))));
        }
    }
}
