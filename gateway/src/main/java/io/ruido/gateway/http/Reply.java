package io.ruido.gateway.http;

import io.ruido.gateway.a1111.SdError;
import io.ruido.gateway.openai.OpenAiError;
import io.ruido.job.JobJson;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.CompletionStage;

/** How answers are written. */
public final class Reply {
    private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
    private static final CharSequence PROBLEM_JSON = HttpHeaders.createOptimized("application/problem+json");
    private static final CharSequence NO_STORE = HttpHeaders.createOptimized("no-store");
    private static final CharSequence RETRY_AFTER = HttpHeaders.createOptimized("Retry-After");

    private Reply() {}

    /** Brings the answer of another thread back to the request's event loop. */
    public static <T> Future<T> on(RoutingContext ctx, CompletionStage<T> stage) {
        return Future.fromCompletionStage(stage, ctx.vertx().getOrCreateContext());
    }

    public static void json(RoutingContext ctx, int status, Object body) {
        write(ctx.response(), status, JSON, body);
    }

    public static void problem(HttpServerResponse response, Problem problem) {
        retryAfter(response, problem);
        write(response, problem.status(), PROBLEM_JSON, problem);
    }

    /** In the format of the interface that was called. */
    public static void problem(RoutingContext ctx, Problem problem) {
        String path = ctx.request().path();
        if (path.startsWith("/v1/images/")) {
            retryAfter(ctx.response(), problem);
            write(ctx.response(), problem.status(), JSON, OpenAiError.of(problem));
        } else if (path.startsWith("/sdapi/")) {
            retryAfter(ctx.response(), problem);
            SdError error = SdError.of(problem);
            write(ctx.response(), error.status(), JSON, error);
        } else {
            problem(ctx.response(), problem);
        }
    }

    private static void retryAfter(HttpServerResponse response, Problem problem) {
        if (problem.retryAfter() != null) {
            response.putHeader(RETRY_AFTER, String.valueOf(problem.retryAfter()));
        }
    }

    private static void write(HttpServerResponse response, int status, CharSequence type, Object body) {
        response.setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, type)
                .putHeader(HttpHeaders.CACHE_CONTROL, NO_STORE)
                .end(Buffer.buffer(JobJson.writeBytes(body)));
    }
}
