package io.ruido.gateway.http;

import io.ruido.job.JobJson;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.CompletionStage;

/** Writes responses. */
public final class Reply {
    private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
    private static final CharSequence NO_STORE = HttpHeaders.createOptimized("no-store");
    private static final CharSequence RETRY_AFTER = HttpHeaders.createOptimized("Retry-After");

    private Reply() {}

    /** Returns a future that completes on the event loop of the request, whichever thread completes the stage. */
    public static <T> Future<T> on(RoutingContext ctx, CompletionStage<T> stage) {
        return Future.fromCompletionStage(stage, ctx.vertx().getOrCreateContext());
    }

    public static void json(RoutingContext ctx, int status, Object body) {
        write(ctx.request(), status, JSON, body);
    }

    /** Sends the content. A HEAD request gets only its length, because Vert.x would send the content over HTTP/2. */
    public static void end(HttpServerRequest request, Buffer content) {
        HttpServerResponse response =
                request.response().putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(content.length()));
        if (request.method() == HttpMethod.HEAD) {
            response.end();
        } else {
            response.end(content);
        }
    }

    static void error(HttpServerRequest request, Problem problem, ErrorFormat format) {
        if (problem.retryAfter() != null) {
            request.response().putHeader(RETRY_AFTER, String.valueOf(problem.retryAfter()));
        }
        ErrorFormat.Body body = format.of(problem);
        write(request, body.status(), body.mediaType(), body.json());
    }

    private static void write(HttpServerRequest request, int status, CharSequence type, Object body) {
        request.response()
                .setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, type)
                .putHeader(HttpHeaders.CACHE_CONTROL, NO_STORE);
        end(request, Buffer.buffer(JobJson.writeBytes(body)));
    }
}
