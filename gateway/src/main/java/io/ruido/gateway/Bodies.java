package io.ruido.gateway;

import io.ruido.config.RuidoConfig.GatewayConfig;
import io.ruido.config.RuidoConfig.UploadsConfig;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Reads the bodies of requests into memory: small ones, but where pictures are sent. */
final class Bodies implements Handler<RoutingContext> {
    private final long usual;
    private final Map<String, Long> limits;
    private final Map<Long, BodyHandler> handlers = new TreeMap<>();
    private final FormHandler forms;

    Bodies(GatewayConfig gateway, UploadsConfig uploads) {
        usual = gateway.maxBodyBytes();
        long inBase64 = 4L * Math.ceilDiv(uploads.maxBytes(), 3);
        limits = Map.of(
                UploadRoutes.PATH,
                (long) uploads.maxBytes(),
                "/sdapi/v1/img2img",
                usual + 2 * inBase64, // and its mask
                OpenAiRoute.EDITS,
                usual + 2L * uploads.maxBytes());
        limits.values().forEach(this::add);
        add(usual);
        forms = new FormHandler(limits.get(OpenAiRoute.EDITS));
    }

    private void add(long limit) {
        handlers.put(limit, BodyHandler.create(false).setBodyLimit(limit));
    }

    /** In bytes. */
    long limit(RoutingContext ctx) {
        return limits.getOrDefault(Access.path(ctx), usual);
    }

    @Override
    public void handle(RoutingContext ctx) {
        boolean edits = Access.path(ctx).equals(OpenAiRoute.EDITS)
                && ctx.request().method().equals(HttpMethod.POST);
        if (edits) {
            forms.handle(ctx);
        } else if (isForm(ctx.request().getHeader(HttpHeaders.CONTENT_TYPE))) {
            // Nobody else takes one, and Vert.x fails where the method can have none.
            ctx.next();
        } else {
            handlers.get(limit(ctx)).handle(ctx);
        }
    }

    private static boolean isForm(String type) {
        String plain = type == null ? "" : type.strip().toLowerCase(Locale.ROOT);
        return plain.startsWith(Form.MEDIA_TYPE) || plain.startsWith("application/x-www-form-urlencoded");
    }
}
