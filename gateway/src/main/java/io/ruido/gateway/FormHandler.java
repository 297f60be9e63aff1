package io.ruido.gateway;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;

/** Reads a {@link Form} into memory; Vert.x' own handler would write its pictures to files. */
final class FormHandler implements Handler<RoutingContext> {
    private static final String FORM = "form";

    private final long limit;

    /** @param limit in bytes, of the whole form */
    FormHandler(long limit) {
        this.limit = limit;
    }

    static Form form(RoutingContext ctx) {
        return ctx.get(FORM);
    }

    @Override
    public void handle(RoutingContext ctx) {
        HttpServerRequest request = ctx.request();
        String type = RequestValidation.contentType(ctx, Form.MEDIA_TYPE);
        if (request.headers().contains(HttpHeaders.EXPECT, HttpHeaders.CONTINUE, true)) {
            ctx.response().writeContinue();
        }
        Buffer body = Buffer.buffer();
        request.handler(chunk -> {
            if (!ctx.failed() && body.length() + chunk.length() > limit) {
                ctx.fail(413);
            } else if (!ctx.failed()) {
                body.appendBuffer(chunk);
            }
        });
        request.endHandler(ended -> {
            if (!ctx.failed()) {
                ctx.vertx()
                        .executeBlocking(() -> Form.parse(type, body))
                        .onSuccess(form -> {
                            ctx.put(FORM, form);
                            ctx.next();
                        })
                        .onFailure(ctx::fail);
            }
        });
        request.exceptionHandler(ctx::fail);
        request.resume();
    }
}
