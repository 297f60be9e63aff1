package io.ruido.gateway.http;

import io.ruido.config.RuidoConfig.GatewayConfig;
import io.ruido.config.RuidoConfig.UploadsConfig;
import io.ruido.gateway.access.Access;
import io.ruido.gateway.openai.OpenAiRoute;
import io.ruido.gateway.uploads.UploadRoutes;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.Locale;
import java.util.Map;

/**
 * Reads the bodies of requests into memory: small ones, but where pictures are sent. Vert.x' own handler would write those
 * of forms to files, and keep all others for as long as their requests wait for an answer.
 */
public final class Bodies implements Handler<RoutingContext> {
    private static final String BODY = "bytes of the body";

    private final long usual;
    private final Map<String, Long> limits;

    public Bodies(GatewayConfig gateway, UploadsConfig uploads) {
        usual = gateway.maxBodyBytes();
        long inBase64 = 4L * Math.ceilDiv(uploads.maxBytes(), 3);
        limits = Map.of(
                UploadRoutes.PATH,
                (long) uploads.maxBytes(),
                "/sdapi/v1/img2img",
                usual + 2 * inBase64, // and its mask
                OpenAiRoute.EDITS,
                usual + 2L * uploads.maxBytes());
    }

    /** In bytes. */
    public long limit(RoutingContext ctx) {
        return limits.getOrDefault(Access.path(ctx), usual);
    }

    /** The body, which is not kept any longer: the answer can take minutes. */
    public static Buffer take(RoutingContext ctx) {
        Buffer body = ctx.remove(BODY);
        return body == null ? Buffer.buffer() : body;
    }

    @Override
    public void handle(RoutingContext ctx) {
        HttpServerRequest request = ctx.request();
        boolean edits =
                Access.path(ctx).equals(OpenAiRoute.EDITS) && request.method().equals(HttpMethod.POST);
        if (edits) {
            RequestValidation.contentType(ctx, Form.MEDIA_TYPE);
        } else if (isForm(request.getHeader(HttpHeaders.CONTENT_TYPE))) {
            // Nobody else takes one, and Vert.x fails where the method can have none.
            ctx.next();
            return;
        }
        if (request.headers().contains(HttpHeaders.UPGRADE, HttpHeaders.WEBSOCKET, true)) {
            ctx.next();
            return;
        }
        if (request.headers().contains(HttpHeaders.EXPECT, HttpHeaders.CONTINUE, true)) {
            ctx.response().writeContinue();
        }
        Reading reading = new Reading(ctx, limit(ctx));
        request.handler(reading::chunk);
        request.endHandler(ended -> reading.end());
        request.exceptionHandler(ctx::fail);
        request.resume();
    }

    /** A body on its way. The request has this for as long as it lasts, so what was read is given away in the end. */
    private static final class Reading {
        private final RoutingContext ctx;
        private final long limit;
        private Buffer body = Buffer.buffer();

        private Reading(RoutingContext ctx, long limit) {
            this.ctx = ctx;
            this.limit = limit;
        }

        private void chunk(Buffer chunk) {
            if (ctx.failed()) {
                return;
            }
            if (body.length() + chunk.length() > limit) {
                body = null;
                ctx.fail(413);
            } else {
                body.appendBuffer(chunk);
            }
        }

        private void end() {
            if (!ctx.failed()) {
                ctx.put(BODY, body);
                body = null;
                ctx.next();
            }
        }
    }

    private static boolean isForm(String type) {
        String plain = type == null ? "" : type.strip().toLowerCase(Locale.ROOT);
        return plain.startsWith(Form.MEDIA_TYPE) || plain.startsWith("application/x-www-form-urlencoded");
    }
}
