package io.ruido.gateway.http;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;

/**
 * Reads the body of a request, up to a maximum size. A large body is collected on disk until it is complete, so that
 * slow clients take no memory. A body compressed with gzip is inflated, up to the same size. Vert.x's own handler would
 * write forms to named files, and keep every other body until its request is answered.
 */
final class BodyReader implements Handler<RoutingContext> {
    static final String BODY = "bytes of the body";
    private static final String READING = "how the body is read";

    /** A body of at most this size is released as soon as a handler takes it. */
    private static final int LARGE = 64 * 1024;

    private final long maxBytes;
    private final Set<String> mediaTypes;
    private final BodyBudgets budgets;
    private final Duration timeout;

    /**
     * @param mediaTypes media types that the body may have
     * @param budgets limits for the bodies of all requests
     * @param timeout time within which the body has to be sent
     */
    BodyReader(long maxBytes, Set<String> mediaTypes, BodyBudgets budgets, Duration timeout) {
        this.maxBytes = maxBytes;
        this.mediaTypes = mediaTypes;
        this.budgets = budgets;
        this.timeout = timeout;
    }

    /** Returns the body and stops keeping it, because the response can take minutes. */
    public static Buffer take(RoutingContext ctx) {
        Buffer body = ctx.remove(BODY);
        if (body == null) {
            return Buffer.buffer();
        }
        if (body.length() <= LARGE) {
            release(ctx);
        }
        return body;
    }

    /** Releases the memory of a large body that is no longer needed. The end of the request releases it too. */
    public static void release(RoutingContext ctx) {
        IncomingBody reading = ctx.remove(READING);
        if (reading != null) {
            reading.release();
        }
    }

    @Override
    public void handle(RoutingContext ctx) {
        HttpServerRequest request = ctx.request();
        if (mediaTypes.equals(Set.of(Form.MEDIA_TYPE))) {
            RequestValidation.contentType(ctx, Form.MEDIA_TYPE);
        } else if (!mediaTypes.contains(Form.MEDIA_TYPE) && isForm(request.getHeader(HttpHeaders.CONTENT_TYPE))) {
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
        IncomingBody reading = new IncomingBody(ctx, maxBytes, budgets);
        ctx.put(READING, reading);
        ctx.addEndHandler(ended -> reading.release());
        reading.endWithin(timeout);
        request.handler(reading::chunk);
        request.endHandler(ended -> reading.end());
        request.exceptionHandler(ctx::fail);
        request.resume();
    }

    private static boolean isForm(String type) {
        String plain = type == null ? "" : type.strip().toLowerCase(Locale.ROOT);
        return plain.startsWith(Form.MEDIA_TYPE) || plain.startsWith("application/x-www-form-urlencoded");
    }
}
