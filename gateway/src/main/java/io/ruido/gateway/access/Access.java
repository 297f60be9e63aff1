package io.ruido.gateway.access;

import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Reply;
import io.ruido.redis.RateLimits;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.SecurityPolicyHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Lets in who has a key, at the pace that it allows. Health, contract and page are for everybody. A key comes as bearer
 * token, as the password of basic authentication, or in the cookie of a {@link SessionRoute session}.
 */
public final class Access implements SecurityPolicyHandler {
    private final ApiKeys keys;
    private final List<String> origins;
    private final RateLimits allowances;

    /** @param origins of pages on other hosts that may open WebSockets */
    public Access(ApiKeys keys, List<String> origins, RateLimits allowances) {
        this.keys = keys;
        this.origins = origins;
        this.allowances = allowances;
    }

    @Override
    public void handle(RoutingContext ctx) {
        String path = path(ctx);
        boolean operations = path.equals("/metrics") || path.equals("/v1/stats");
        boolean guarded = (path.startsWith("/v1/") && !path.equals(SessionRoute.PATH)) || path.startsWith("/sdapi/");
        if (!guarded && !operations) {
            ctx.next();
            return;
        }
        checkOrigin(ctx.request());
        Caller caller = keys.none() ? Caller.ANYBODY : authenticated(ctx);
        if (operations && !caller.admin()) {
            throw refusal(Problem.Code.FORBIDDEN, "The key %s is not an administrator's.".formatted(caller.name()));
        }
        caller.put(ctx);
        if (caller.requestsPerMinute() == null) {
            ctx.next();
        } else {
            admit(ctx, caller);
        }
    }

    /** Of the route that is asked for: routes are also found with slashes at the end. */
    public static String path(RoutingContext ctx) {
        return ctx.normalizedPath().replaceFirst("/+$", "");
    }

    private Caller authenticated(RoutingContext ctx) {
        Optional<String> secret = secret(ctx);
        return secret.flatMap(keys::caller).orElseThrow(() -> {
            ctx.response().putHeader("WWW-Authenticate", "Bearer realm=\"ruido\"");
            return refusal(
                    Problem.Code.UNAUTHORIZED,
                    secret.isEmpty() ? "Send an API key: Authorization: Bearer KEY." : "This API key is unknown.");
        });
    }

    private static Optional<String> secret(RoutingContext ctx) {
        String header = ctx.request().getHeader(HttpHeaders.AUTHORIZATION);
        if (header == null) {
            return Optional.ofNullable(ctx.request().getCookie(SessionRoute.COOKIE))
                    .map(Cookie::getValue);
        }
        String[] words = header.strip().split("\\s+", 2);
        return switch (words.length == 1 ? "" : words[0].toLowerCase(Locale.ROOT)) {
            case "bearer" -> Optional.of(words[1]);
            case "basic" -> password(words[1]);
            default -> Optional.empty();
        };
    }

    private static Optional<String> password(String base64) {
        try {
            String pair = new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
            return pair.contains(":") ? Optional.of(pair.substring(pair.indexOf(':') + 1)) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private void admit(RoutingContext ctx, Caller caller) {
        HttpServerRequest request = ctx.request();
        // Nothing of the body may pass by before somebody reads it.
        request.pause();
        Reply.on(ctx, allowances.take("requests", caller.name(), 1, caller.requestsPerMinute(), Duration.ofMinutes(1)))
                .onSuccess(wait -> {
                    // A WebSocket can only be made of a request that has not been read.
                    if (!upgrades(request)) {
                        request.resume();
                    }
                    if (wait.isPresent()) {
                        ctx.fail(new ProblemException(Problem.tooMany("requests a minute", wait.get())));
                    } else {
                        ctx.next();
                    }
                })
                .onFailure(ctx::fail);
    }

    /** Browsers let any page open a WebSocket to any host, with the cookies that they have for it. */
    private void checkOrigin(HttpServerRequest request) {
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        if (origin != null
                && upgrades(request)
                && !origins.contains(origin)
                && !origin.replaceFirst("^https?://", "").equalsIgnoreCase(String.valueOf(request.authority()))) {
            throw refusal(Problem.Code.FORBIDDEN, "Pages of %s may not open WebSockets here.".formatted(origin));
        }
    }

    private static boolean upgrades(HttpServerRequest request) {
        return request.headers().contains(HttpHeaders.UPGRADE, HttpHeaders.WEBSOCKET, true);
    }

    private static ProblemException refusal(Problem.Code code, String detail) {
        return new ProblemException(Problem.of(code, detail));
    }
}
