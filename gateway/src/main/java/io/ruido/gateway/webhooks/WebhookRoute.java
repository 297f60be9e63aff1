package io.ruido.gateway.webhooks;

import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.Route;
import io.ruido.redis.WebhookStore;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;

/** {@code GET /v1/webhook-secret}: the secret that signs the webhooks of the caller's tenant. */
public final class WebhookRoute {
    private final WebhookStore store;

    public WebhookRoute(WebhookStore store) {
        this.store = store;
    }

    public Route route() {
        return Route.of("getWebhookSecret", this::secret);
    }

    private void secret(RoutingContext ctx) {
        Reply.on(ctx, store.secret(Caller.of(ctx).tenant()))
                .onSuccess(secret -> Reply.json(ctx, 200, Map.of("secret", secret)))
                .onFailure(ctx::fail);
    }
}
