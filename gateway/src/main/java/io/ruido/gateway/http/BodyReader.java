package io.ruido.gateway.http;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;

/**
 * Reads the body of a request into memory, up to a maximum size. Vert.x' own handler would write forms to files, and keep
 * every other body until its request is answered.
 */
final class BodyReader implements Handler<RoutingContext> {
    private static final String BODY = "bytes of the body";

    private final long maxBytes;
    private final boolean takesForm;

    /** @param takesForm whether the body is {@code multipart/form-data} */
    BodyReader(long maxBytes, boolean takesForm) {
        this.maxBytes = maxBytes;
        this.takesForm = takesForm;
    }

    /** The body, which is not kept any longer: the answer can take minutes. */
    public static Buffer take(RoutingContext ctx) {
        Buffer body = ctx.remove(BODY);
        return body == null ? Buffer.buffer() : body;
    }

    @Override
    public void handle(RoutingContext ctx) {
        HttpServerRequest request = ctx.request();
        if (takesForm) {
            RequestValidation.contentType(ctx, Form.MEDIA_TYPE);
        } else if (isForm(request.getHeader(HttpHeaders.CONTENT_TYPE))) {
            // No handler reads it, and Vert.x fails where the method allows no body.
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
        Reading reading = new Reading(ctx, maxBytes);
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
                ctx.fail(new ProblemException(tooLarge(ctx, limit)));
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

    private static Problem tooLarge(RoutingContext ctx, long limit) {
        return Problem.of(
                Problem.Code.BODY_TOO_LARGE,
                "The body must have at most %d bytes.".formatted(limit),
                List.of(new Problem.Field(
                        "body",
                        ctx.request().getHeader(HttpHeaders.CONTENT_LENGTH),
                        "must have at most %d bytes".formatted(limit))));
    }

    private static boolean isForm(String type) {
        String plain = type == null ? "" : type.strip().toLowerCase(Locale.ROOT);
        return plain.startsWith(Form.MEDIA_TYPE) || plain.startsWith("application/x-www-form-urlencoded");
    }
}
