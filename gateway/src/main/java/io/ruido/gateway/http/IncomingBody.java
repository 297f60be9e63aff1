package io.ruido.gateway.http;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A body that is being received, in memory up to a certain size and then in a temporary file. Everything runs on the
 * request's event loop except for file access, during which the request is paused.
 */
final class IncomingBody {
    private static final Logger log = LoggerFactory.getLogger(IncomingBody.class);

    /** Bytes that are collected in memory before they are written to the file. */
    private static final int IN_MEMORY = 256 * 1024;

    private static final List<String> GZIP = List.of("gzip", "x-gzip");

    private final RoutingContext ctx;
    private final long limit;
    private final BodyBudget.Share memory;
    private final BodyBudget.Share disk;
    private final String encoding;
    private Buffer body = Buffer.buffer();
    private long length;
    private BodyFile file;
    private boolean writing;
    private boolean over;
    private long timer = -1;

    /** @param limit maximum number of bytes */
    IncomingBody(RoutingContext ctx, long limit, BodyBudgets budgets) {
        this.ctx = ctx;
        this.limit = limit;
        this.memory = budgets.memory().share();
        this.disk = budgets.disk().share();
        String named = ctx.request().getHeader(HttpHeaders.CONTENT_ENCODING);
        this.encoding = named == null ? "identity" : named.strip().toLowerCase(Locale.ROOT);
    }

    void endWithin(Duration timeout) {
        timer = ctx.vertx().setTimer(timeout.toMillis(), late -> {
            if (ctx.request().version() != HttpVersion.HTTP_2) {
                // The rest of the body would be taken for the next request.
                ctx.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
                ctx.addEndHandler(answered -> ctx.request().connection().close());
            }
            refuse(Problem.of(
                    Problem.Code.BODY_TOO_LATE, "The body was not sent within %d s.".formatted(timeout.toSeconds())));
        });
    }

    void chunk(Buffer chunk) {
        if (over) {
            return;
        }
        length += chunk.length();
        if (!encoding.equals("identity") && !GZIP.contains(encoding)) {
            ctx.response().putHeader(HttpHeaders.ACCEPT_ENCODING, "gzip");
            refuse(unknownEncoding());
        } else if (length > limit) {
            refuse(tooLarge());
        } else if (!memory.take(chunk.length())) {
            refuse(noRoom("in memory"));
        } else {
            body.appendBuffer(chunk);
            if (body.length() >= IN_MEMORY) {
                write();
            }
        }
    }

    private void write() {
        Buffer part = body;
        if (!disk.take(part.length())) {
            refuse(noRoom("on disk"));
            return;
        }
        body = Buffer.buffer();
        ctx.request().pause();
        offTheLoop(
                () -> {
                    if (file == null) {
                        file = BodyFile.open();
                    }
                    file.append(part);
                    return part;
                },
                written -> {
                    memory.giveBack(part.length());
                    ctx.request().resume();
                });
    }

    void end() {
        ctx.vertx().cancelTimer(timer);
        if (over) {
            return;
        }
        if (file == null) {
            inflate(body);
        } else if (!memory.take(length - body.length())) {
            refuse(noRoom("in memory"));
        } else {
            Buffer rest = body;
            offTheLoop(() -> file.followedBy(rest), this::inflate);
        }
    }

    private void inflate(Buffer sent) {
        body = null;
        closeFile();
        if (sent.length() == 0 || !GZIP.contains(encoding)) {
            handOn(sent);
            return;
        }
        offTheLoop(() -> inflated(sent), plain -> {
            memory.giveBack(sent.length());
            handOn(plain);
        });
    }

    private Buffer inflated(Buffer sent) {
        AtomicLong size = new AtomicLong();
        return Gzip.inflated(sent, more -> {
            if (size.addAndGet(more) > limit) {
                throw new ProblemException(tooLarge());
            }
            if (!memory.take(more)) {
                throw new ProblemException(noRoom("in memory"));
            }
        });
    }

    private void handOn(Buffer complete) {
        ctx.put(BodyReader.BODY, complete);
        ctx.next();
    }

    private interface Then {
        void with(Buffer result);
    }

    /** Runs a call that blocks or takes long on a worker thread. */
    private void offTheLoop(Callable<Buffer> call, Then then) {
        writing = true;
        ctx.vertx().executeBlocking(call, false).onComplete(result -> {
            writing = false;
            if (over) {
                release(); // The call may have taken more since the last release.
            } else if (result.cause() instanceof ProblemException refused) {
                refuse(refused.problem());
            } else if (result.succeeded()) {
                then.with(result.result());
            } else {
                log.error("cannot write a request's body to a temporary file; refusing the request", result.cause());
                refuse(Problem.of(
                        Problem.Code.UNAVAILABLE, "The gateway cannot store the body temporarily; try again."));
            }
        });
    }

    private void refuse(Problem problem) {
        release();
        if (!ctx.failed()) {
            ctx.fail(new ProblemException(problem));
        }
    }

    /** Releases all memory and the file. It can be called repeatedly. */
    void release() {
        over = true;
        body = null;
        ctx.vertx().cancelTimer(timer);
        memory.giveBackAll();
        if (!writing) {
            closeFile();
        }
    }

    private void closeFile() {
        disk.giveBackAll();
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                log.warn("cannot close the temporary file of a request's body", e);
            }
            file = null;
        }
    }

    private static Problem noRoom(String where) {
        return Problem.of(
                Problem.Code.TOO_MANY_PICTURES,
                "This gateway has too many request bodies %s; try again later.".formatted(where));
    }

    private Problem unknownEncoding() {
        return Problem.of(
                Problem.Code.UNSUPPORTED_MEDIA_TYPE,
                "The body must be plain or compressed with gzip.",
                List.of(new Problem.Field("Content-Encoding", encoding, "must be gzip or absent")));
    }

    private Problem tooLarge() {
        return Problem.of(
                Problem.Code.BODY_TOO_LARGE,
                "The body must have at most %d bytes.".formatted(limit),
                List.of(new Problem.Field(
                        "body",
                        ctx.request().getHeader(HttpHeaders.CONTENT_LENGTH),
                        "must have at most %d bytes".formatted(limit))));
    }
}
