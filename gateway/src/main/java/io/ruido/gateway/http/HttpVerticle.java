package io.ruido.gateway.http;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;

/** One event loop that serves HTTP; several share the port. */
public final class HttpVerticle extends VerticleBase {
    private final HttpServerOptions options;
    private final Router router;
    private HttpServer server;

    public HttpVerticle(HttpServerOptions options, Router router) {
        this.options = options;
        this.router = router;
    }

    @Override
    public Future<?> start() {
        server = vertx.createHttpServer(options).requestHandler(router).invalidRequestHandler(Problems::malformed);
        return server.listen();
    }

    public int port() {
        return server.actualPort();
    }
}
