package io.ruido.gateway.http;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.ruido.telemetry.Trace;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;

/** Traces requests that submit jobs. Later work on a job belongs to the trace of its request. */
public final class RequestTraces {
    private static final String KEY = "trace";

    private final Tracer tracer;

    public RequestTraces(Tracer tracer) {
        this.tracer = tracer;
    }

    /** Returns a handler that continues the client's trace, or starts one. */
    public Handler<RoutingContext> traced(Handler<RoutingContext> submission) {
        return ctx -> {
            Context client = Trace.of(ctx.request().getHeader(Trace.HEADER));
            Span span = tracer.spanBuilder(ctx.request().method() + " " + ctx.normalizedPath())
                    .setParent(client)
                    .setSpanKind(SpanKind.SERVER)
                    .setAttribute("http.request.method", ctx.request().method().name())
                    .setAttribute("http.route", ctx.normalizedPath())
                    .startSpan();
            ctx.put(KEY, client.with(span));
            ctx.addEndHandler(ended -> {
                int status = ctx.response().getStatusCode();
                span.setAttribute("http.response.status_code", status);
                if (status >= 500) {
                    span.setStatus(StatusCode.ERROR);
                }
                span.end();
            });
            submission.handle(ctx);
        };
    }

    /** Returns the trace context of a request that submits a job; it is empty when the request is not traced. */
    public static Context of(RoutingContext ctx) {
        return ctx.get(KEY, Context.root());
    }
}
