package io.ruido.gateway.access;

import io.ruido.gateway.http.AccessRule;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.CookieSameSite;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;

/** Stores a key in a cookie of a browser, which scripts and other sites cannot read. */
public final class SessionRoute {
    static final String COOKIE = "ruido-key";
    private static final Duration KEPT_FOR = Duration.ofDays(30);

    private final ApiKeys keys;

    public SessionRoute(ApiKeys keys) {
        this.keys = keys;
    }

    public List<Route> routes() {
        return List.of(
                Route.of("openSession", this::open).access(AccessRule.PUBLIC),
                Route.of("closeSession", this::close).access(AccessRule.PUBLIC));
    }

    private void open(RoutingContext ctx) {
        String secret = RequestValidation.body(ctx).getString("key");
        if (!keys.none() && keys.caller(secret).isEmpty()) {
            throw new ProblemException(Problem.of(Problem.Code.UNAUTHORIZED, "This API key is unknown."));
        }
        answer(ctx, secret, KEPT_FOR);
    }

    private void close(RoutingContext ctx) {
        answer(ctx, "", Duration.ZERO);
    }

    private static void answer(RoutingContext ctx, String value, Duration keptFor) {
        ctx.response()
                .addCookie(Cookie.cookie(COOKIE, value)
                        .setPath("/")
                        .setHttpOnly(true)
                        .setSameSite(CookieSameSite.STRICT)
                        .setSecure(ctx.request().isSSL())
                        .setMaxAge(keptFor.toSeconds()))
                .setStatusCode(204)
                .end();
    }
}
