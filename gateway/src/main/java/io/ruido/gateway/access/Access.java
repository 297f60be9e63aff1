package io.ruido.gateway.access;

import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Reply;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.SecurityPolicyHandler;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/**
 * Lets in who has a key, at the pace that it allows. Health, contract and page are for everybody. A key comes as bearer
 * token, as the password of basic authentication, or in the cookie of a {@link SessionRoute session}.
 */
public final class Access implements SecurityPolicyHandler {
    private final ApiKeys keys;
    private final WebPages pages;
    private final Quota quota;

    /**
     * @param origins of pages on other hosts that may use this server
     * @param hosts by which it is reached where no key is needed
     */
    public Access(ApiKeys keys, Collection<String> origins, Collection<String> hosts, Quota quota) {
        this.keys = keys;
        this.pages = new WebPages(origins, keys.none() ? hosts : null);
        this.quota = quota;
    }

    @Override
    public void handle(RoutingContext ctx) {
        String path = path(ctx);
        if (!path.startsWith("/health/")) {
            pages.check(ctx.request());
        }
        boolean operations = path.equals("/metrics") || path.equals("/v1/stats");
        boolean guarded = (path.startsWith("/v1/") && !path.equals(SessionRoute.PATH)) || path.startsWith("/sdapi/");
        if (!guarded && !operations) {
            ctx.next();
            return;
        }
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
            return WebPages.mayUseCookies(ctx.request())
                    ? Optional.ofNullable(ctx.request().getCookie(SessionRoute.COOKIE))
                            .map(Cookie::getValue)
                    : Optional.empty();
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
        Reply.on(ctx, quota.takeRequest(caller))
                .onComplete(taken -> {
                    // A WebSocket can only be made of a request that has not been read.
                    if (!WebPages.upgrades(request)) {
                        request.resume();
                    }
                })
                .onSuccess(taken -> ctx.next())
                .onFailure(ctx::fail);
    }

    private static ProblemException refusal(Problem.Code code, String detail) {
        return new ProblemException(Problem.of(code, detail));
    }
}
