package io.ruido.gateway.http;

import io.ruido.job.JobJson;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.CompletionStage;

/** Writes responses. */
public final class Reply {
    private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
    private static final CharSequence NO_STORE = HttpHeaders.createOptimized("no-store");
    private static final CharSequence RETRY_AFTER = HttpHeaders.createOptimized("Retry-After");

    private Reply() {}

    /** Continues on the event loop of the request when a stage of another thread completes. */
    public static <T> Future<T> on(RoutingContext ctx, CompletionStage<T> stage) {
        return Future.fromCompletionStage(stage, ctx.vertx().getOrCreateContext());
    }

    public static void json(RoutingContext ctx, int status, Object body) {
        write(ctx.response(), status, JSON, body);
    }

    static void error(HttpServerResponse response, Problem problem, ErrorFormat format) {
        if (problem.retryAfter() != null) {
            response.putHeader(RETRY_AFTER, String.valueOf(problem.retryAfter()));
        }
        ErrorFormat.Body body = format.of(problem);
        write(response, body.status(), body.mediaType(), body.json());
    }

    private static void write(HttpServerResponse response, int status, CharSequence type, Object body) {
        Buffer json = Buffer.buffer(JobJson.writeBytes(body));
        response.setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, type)
                .putHeader(HttpHeaders.CACHE_CONTROL, NO_STORE)
                .putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(json.length())) // HEAD has it too
                .end(json);
    }
}
