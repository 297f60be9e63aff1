package io.ruido.gateway.access;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.PlatformHandler;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;

/**
 * Lets scripts of allowed pages read responses, and answers the preflight requests that browsers send before other
 * calls (Fetch Standard, §3.2). Cookies are never accepted from such pages: they send an API key.
 */
public final class CrossOrigin implements PlatformHandler {
    private static final String METHODS = "GET, HEAD, POST, DELETE";
    private static final Duration PREFLIGHT_CACHED = Duration.ofMinutes(10);

    private final Set<String> origins;

    /** @param origins such as {@code https://example.org} */
    public CrossOrigin(Collection<String> origins) {
        this.origins = Set.copyOf(origins);
    }

    @Override
    public void handle(RoutingContext ctx) {
        if (origins.isEmpty()) {
            ctx.next();
            return;
        }
        HttpServerRequest request = ctx.request();
        HttpServerResponse response = ctx.response().putHeader(HttpHeaders.VARY, HttpHeaders.ORIGIN);
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        if (origin == null || !origins.contains(origin)) {
            ctx.next();
            return;
        }
        response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if (request.method() == HttpMethod.OPTIONS
                && request.headers().contains(HttpHeaders.ACCESS_CONTROL_REQUEST_METHOD)) {
            answerPreflight(request, response);
        } else {
            response.putHeader(HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS, "*");
            ctx.next();
        }
    }

    /** Allows every header, because clients add their own. */
    private static void answerPreflight(HttpServerRequest request, HttpServerResponse response) {
        String headers = request.getHeader(HttpHeaders.ACCESS_CONTROL_REQUEST_HEADERS);
        if (headers != null) {
            response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_HEADERS, headers);
        }
        response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_METHODS, METHODS)
                .putHeader(HttpHeaders.ACCESS_CONTROL_MAX_AGE, String.valueOf(PREFLIGHT_CACHED.toSeconds()))
                .setStatusCode(204)
                .end();
    }
}
