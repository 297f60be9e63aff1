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
 * every other body until its request is answered. A body that is compressed with gzip is inflated, up to the same size.
 */
final class BodyReader implements Handler<RoutingContext> {
    private static final String BODY = "bytes of the body";
    private static final String READING = "how the body is read";

    /** Smaller ones are forgotten when they have been read. */
    private static final int LARGE = 64 * 1024;

    private static final List<String> GZIP = List.of("gzip", "x-gzip");

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
        private final String encoding;
        private final AtomicLong taken = new AtomicLong();
        private Buffer body = Buffer.buffer();
        private boolean released;
        private long timer = -1;

        private Reading(RoutingContext ctx, long limit, BodyBudget budget) {
            this.ctx = ctx;
            this.limit = limit;
            this.budget = budget;
            String named = ctx.request().getHeader(HttpHeaders.CONTENT_ENCODING);
            this.encoding = named == null ? "identity" : named.strip().toLowerCase(Locale.ROOT);
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
            try {
                if (!encoding.equals("identity") && !GZIP.contains(encoding)) {
                    ctx.response().putHeader(HttpHeaders.ACCEPT_ENCODING, "gzip");
                    throw new ProblemException(unknownEncoding(encoding));
                }
                take(body.length(), chunk.length());
                body.appendBuffer(chunk);
            } catch (ProblemException e) {
                refuse(e);
            }
        }

        /** @param before bytes of the body so far */
        private void take(long before, int more) {
            if (before + more > limit) {
                throw new ProblemException(tooLarge(ctx, limit));
            }
            if (!budget.take(more)) {
                throw new ProblemException(Problem.of(
                        Problem.Code.TOO_MANY_PICTURES, "This gateway has too many bodies in memory; try again."));
            }
            taken.addAndGet(more);
        }

        private void refuse(ProblemException problem) {
            body = null;
            release();
            ctx.fail(problem);
        }

        private void end() {
            ctx.vertx().cancelTimer(timer);
            if (ctx.failed() || body == null) {
                return;
            }
            Buffer sent = body;
            body = null;
            if (sent.length() == 0 || !GZIP.contains(encoding)) {
                keep(sent);
                return;
            }
            ctx.vertx().executeBlocking(() -> inflated(sent), false).onComplete(inflated -> {
                if (released) {
                    release(); // what was taken since then
                } else if (inflated.failed()) {
                    release();
                    ctx.fail(inflated.cause());
                } else {
                    taken.addAndGet(-sent.length());
                    budget.giveBack(sent.length());
                    keep(inflated.result());
                }
            });
        }

        private Buffer inflated(Buffer sent) {
            AtomicLong size = new AtomicLong();
            return Gzip.inflated(sent, more -> {
                take(size.get(), more);
                size.addAndGet(more);
            });
        }

        private void keep(Buffer plain) {
            ctx.put(BODY, plain);
            ctx.next();
        }

        /** Any number of times. */
        private void release() {
            released = true;
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

    private static Problem unknownEncoding(String encoding) {
        return Problem.of(
                Problem.Code.UNSUPPORTED_MEDIA_TYPE,
                "The body must be plain or compressed with gzip.",
                List.of(new Problem.Field("Content-Encoding", encoding, "must be gzip or absent")));
    }

    private static boolean isForm(String type) {
        String plain = type == null ? "" : type.strip().toLowerCase(Locale.ROOT);
        return plain.startsWith(Form.MEDIA_TYPE) || plain.startsWith("application/x-www-form-urlencoded");
    }
}
