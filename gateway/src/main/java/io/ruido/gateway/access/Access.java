package io.ruido.gateway.access;

import io.ruido.gateway.http.AccessRule;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Reply;
import io.vertx.core.Handler;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/**
 * Authenticates callers by their API key and limits their requests per minute. A key is sent as a bearer token, as the
 * password of basic authentication, or in the cookie of a {@link SessionRoute session}.
 */
public final class Access {
    private final ApiKeys keys;
    private final WebPages pages;
    private final Quota quota;

    /**
     * @param origins origins of pages on other hosts that may use this server
     * @param hosts host names of this server, if no key is required
     */
    public Access(ApiKeys keys, Collection<String> origins, Collection<String> hosts, Quota quota) {
        this.keys = keys;
        this.pages = new WebPages(origins, keys.none() ? hosts : null);
        this.quota = quota;
    }

    /**
     * Returns a handler that enforces a rule: it puts the caller into the context and limits the requests of its key.
     * Only probes are accepted from any web page and under any host name.
     */
    public Handler<RoutingContext> handler(AccessRule rule) {
        return switch (rule) {
            case PROBE -> RoutingContext::next;
            case PUBLIC ->
                ctx -> {
                    pages.check(ctx.request());
                    ctx.next();
                };
            case KEY -> ctx -> admit(ctx, authenticated(ctx));
            case ADMIN -> ctx -> admit(ctx, administrator(ctx));
        };
    }

    /**
     * Checks a request that no route serves, so that only callers learn which paths there are.
     *
     * @throws ProblemException when it has no valid key
     */
    public void requireKey(RoutingContext ctx) {
        authenticated(ctx);
    }

    private Caller administrator(RoutingContext ctx) {
        Caller caller = authenticated(ctx);
        if (!caller.admin()) {
            throw refusal(Problem.Code.FORBIDDEN, "The API key %s is not an administrator's.".formatted(caller.name()));
        }
        return caller;
    }

    private Caller authenticated(RoutingContext ctx) {
        pages.check(ctx.request());
        if (keys.none()) {
            return Caller.ANYBODY;
        }
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
        caller.put(ctx);
        if (caller.requestsPerMinute() == null) {
            ctx.next();
            return;
        }
        HttpServerRequest request = ctx.request();
        // No handler reads the body yet.
        request.pause();
        Reply.on(ctx, quota.takeRequest(caller))
                .onComplete(taken -> {
                    // A request that has been read cannot become a WebSocket.
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
