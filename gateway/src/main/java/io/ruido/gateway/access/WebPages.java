package io.ruido.gateway.access;

import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Refuses requests from pages of other sites, which browsers send on behalf of a user who can reach this server.
 * Browsers name the page's origin in {@code Origin} and {@code Sec-Fetch-Site}. If no key is required, the requested
 * host must also be one of this server's names: another site can make its name resolve to this machine (DNS rebinding).
 */
final class WebPages {
    private static final Set<HttpMethod> READING = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);
    private static final List<String> OWN_PAGE = List.of("same-origin", "none");

    /** An IP address as host is safe: it cannot be rebound by DNS. */
    private static final Pattern ADDRESS =
            Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[?[0-9a-fA-F:.]*:[0-9a-fA-F:.]*]?");

    private final Set<String> origins;
    private final Set<String> hosts;

    /**
     * @param origins origins of pages on other hosts that may use this server
     * @param hosts host names of this server in addition to loopback names and addresses; null if a key is required
     */
    WebPages(Collection<String> origins, Collection<String> hosts) {
        this.origins = Set.copyOf(origins);
        this.hosts = hosts == null ? null : Set.copyOf(hosts);
    }

    /** @throws ProblemException when the request is from a page that is not allowed */
    void check(HttpServerRequest request) {
        checkHost(request);
        if (!READING.contains(request.method()) || upgrades(request)) {
            checkOrigin(request);
        }
    }

    /**
     * Returns whether the cookies of a request may authenticate it. Browsers also send them with requests of pages from
     * other ports.
     */
    static boolean mayUseCookies(HttpServerRequest request) {
        String site = request.getHeader("Sec-Fetch-Site");
        return site == null || OWN_PAGE.contains(site);
    }

    private void checkHost(HttpServerRequest request) {
        HostAndPort authority = request.authority();
        String host = authority.host().toLowerCase(Locale.ROOT);
        boolean own = hosts == null
                || hosts.contains(host)
                || host.equals("localhost")
                || host.endsWith(".localhost")
                || ADDRESS.matcher(host).matches();
        if (!own) {
            throw refusal(
                    "Host %s is not a name of this server. Without API keys, use localhost, an IP address, or a name"
                            + " in ruido.gateway.allowed-hosts.",
                    host);
        }
    }

    private void checkOrigin(HttpServerRequest request) {
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        if (origin == null) {
            if (!mayUseCookies(request)) {
                throw refusal(
                        "Pages of other sites may not send this request (Sec-Fetch-Site: %s).",
                        request.getHeader("Sec-Fetch-Site"));
            }
        } else if (!origins.contains(origin)
                && !origin.replaceFirst("^https?://", "").equalsIgnoreCase(String.valueOf(request.authority()))) {
            throw refusal(
                    "Pages of %s may not send this request; ruido.gateway.allowed-origins names those that may.",
                    origin);
        }
    }

    static boolean upgrades(HttpServerRequest request) {
        return request.headers().contains(HttpHeaders.UPGRADE, HttpHeaders.WEBSOCKET, true);
    }

    private static ProblemException refusal(String detail, String value) {
        return new ProblemException(Problem.of(Problem.Code.FORBIDDEN, detail.formatted(Problem.cut(value))));
    }
}
