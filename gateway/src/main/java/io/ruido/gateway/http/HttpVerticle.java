package io.ruido.gateway.http;

import io.ruido.gateway.connections.IdleConnections;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import java.util.regex.Pattern;

/** One event loop that serves HTTP; several share the port. */
public final class HttpVerticle extends VerticleBase {
    private static final Pattern NO_CHARACTER = Pattern.compile("%(?![0-9a-fA-F]{2})");

    private final HttpServerOptions options;
    private final Router router;
    private final IdleConnections idle;
    private HttpServer server;

    /** @param idle is also a handler of the router */
    public HttpVerticle(HttpServerOptions options, Router router, IdleConnections idle) {
        this.options = options;
        this.router = router;
        this.idle = idle;
    }

    @Override
    public Future<?> start() {
        server = vertx.createHttpServer(options)
                .connectionHandler(idle::opened)
                .requestHandler(this::serve)
                .invalidRequestHandler(request -> Problems.malformed(
                        request, request.decoderResult().cause().getMessage()));
        vertx.setPeriodic(idle.interval().toMillis(), _ -> idle.closeExpired());
        return server.listen();
    }

    /** Refuses requests without a path or host, which all handlers need. */
    private void serve(HttpServerRequest request) {
        if (request.authority() == null || request.authority().host().isBlank()) {
            Problems.malformed(request, "The header Host is missing, or names no host.");
        } else if (!decodable(request.path())) {
            Problems.malformed(request, "The path cannot be decoded: " + Problem.cut(request.uri()));
        } else {
            router.handle(request);
        }
    }

    private static boolean decodable(String path) {
        return path != null
                && path.startsWith("/")
                && !NO_CHARACTER.matcher(path).find();
    }

    public int port() {
        return server.actualPort();
    }
}
