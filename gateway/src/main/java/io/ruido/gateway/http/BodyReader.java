package io.ruido.gateway.http;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads the body of a request into memory, up to a maximum size. Vert.x' own handler would write forms to files, and keep
 * every other body until its request is answered.
 */
final class BodyReader implements Handler<RoutingContext> {
    private static final String BODY = "bytes of the body";
    private static final String READING = "how the body is read";

    /** Smaller ones are forgotten when they have been read. */
    private static final int LARGE = 64 * 1024;

    private final long maxBytes;
    private final boolean takesForm;
    private final BodyBudget budget;
    private final Duration timeout;

    /**
     * @param takesForm whether the body is {@code multipart/form-data}
     * @param budget of the bodies of all requests
     * @param timeout within which the body has to be sent
     */
    BodyReader(long maxBytes, boolean takesForm, BodyBudget budget, Duration timeout) {
        this.maxBytes = maxBytes;
        this.takesForm = takesForm;
        this.budget = budget;
        this.timeout = timeout;
    }

    /** The body, which is not kept any longer: the answer can take minutes. */
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

    /** What a large body was read for is done: others may use its memory. Happens by itself when the request ends. */
    public static void release(RoutingContext ctx) {
        Reading reading = ctx.remove(READING);
        if (reading != null) {
            reading.release();
        }
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
        Reading reading = new Reading(ctx, maxBytes, budget);
        ctx.put(READING, reading);
        ctx.addEndHandler(ended -> reading.release());
        reading.endWithin(timeout);
        request.handler(reading::chunk);
        request.endHandler(ended -> reading.end());
        request.exceptionHandler(ctx::fail);
        request.resume();
    }

    /** A body on its way. The request has this for as long as it lasts, so what was read is given away in the end. */
    private static final class Reading {
        private final RoutingContext ctx;
        private final long limit;
        private final BodyBudget budget;
        private final AtomicLong taken = new AtomicLong();
        private Buffer body = Buffer.buffer();
        private long timer = -1;

        private Reading(RoutingContext ctx, long limit, BodyBudget budget) {
            this.ctx = ctx;
            this.limit = limit;
            this.budget = budget;
        }

        private void endWithin(Duration timeout) {
            timer = ctx.vertx().setTimer(timeout.toMillis(), late -> {
                if (ctx.request().version() != HttpVersion.HTTP_2) {
                    // What is still to come of the body would be taken for the next request.
                    ctx.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
                    ctx.addEndHandler(answered -> ctx.request().connection().close());
                }
                refuse(new ProblemException(Problem.of(
                        Problem.Code.BODY_TOO_LATE,
                        "The body was not sent within %d s.".formatted(timeout.toSeconds()))));
            });
        }

        private void chunk(Buffer chunk) {
            if (ctx.failed() || body == null) {
                return;
            }
            if (body.length() + chunk.length() > limit) {
                body = null;
                release();
                ctx.fail(new ProblemException(tooLarge(ctx, limit)));
            } else if (!budget.take(chunk.length())) {
                refuse(new ProblemException(Problem.of(
                        Problem.Code.TOO_MANY_PICTURES, "This gateway has too many bodies in memory; try again.")));
            } else {
                taken.addAndGet(chunk.length());
                body.appendBuffer(chunk);
            }
        }

        private void refuse(ProblemException problem) {
            body = null;
            release();
            ctx.fail(problem);
        }

        private void end() {
            ctx.vertx().cancelTimer(timer);
            if (!ctx.failed() && body != null) {
                ctx.put(BODY, body);
                body = null;
                ctx.next();
            }
        }

        /** Any number of times. */
        private void release() {
            ctx.vertx().cancelTimer(timer);
            budget.giveBack(taken.getAndSet(0));
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
