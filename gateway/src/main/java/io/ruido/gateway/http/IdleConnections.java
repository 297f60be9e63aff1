package io.ruido.gateway.http;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.PlatformHandler;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Closes connections that have had no request in progress for some time. Vert.x's own idle timeout cannot do this,
 * because it would also cut off a request that waits long for its answer. WebSockets are not closed: they have pings.
 * Without TLS a connection is known from its first request on.
 */
public final class IdleConnections implements PlatformHandler {
    /** The time for a slow client to receive what has been written. */
    private static final int DRAIN_MINUTES = 10;

    private final Duration timeout;
    private final Map<HttpConnection, Connection> connections = new ConcurrentHashMap<>();

    public IdleConnections(Duration timeout) {
        this.timeout = timeout;
    }

    /** All its methods are called by the event loop of the connection. */
    private final class Connection {
        private final Vertx vertx;
        private final HttpConnection http;
        private int requests;
        private long timer;

        Connection(Vertx vertx, HttpConnection http) {
            this.vertx = vertx;
            this.http = http;
            startTimer();
        }

        void startTimer() {
            timer = vertx.setTimer(timeout.toMillis(), _ -> http.shutdown(DRAIN_MINUTES, TimeUnit.MINUTES));
        }

        void stopTimer() {
            vertx.cancelTimer(timer);
        }

        void requestBegins() {
            stopTimer();
            requests++;
        }

        void requestEnds() {
            requests--;
            if (requests == 0 && connections.containsKey(http)) {
                startTimer();
            }
        }
    }

    void opened(Vertx vertx, HttpConnection http) {
        connections.put(http, new Connection(vertx, http));
        http.closeHandler(_ -> forget(http));
    }

    private void forget(HttpConnection http) {
        Connection connection = connections.remove(http);
        if (connection != null) {
            connection.stopTimer();
        }
    }

    @Override
    public void handle(RoutingContext ctx) {
        HttpConnection http = ctx.request().connection();
        if (ctx.request().headers().contains(HttpHeaders.UPGRADE, HttpHeaders.WEBSOCKET, true)) {
            forget(http);
        }
        Connection connection = connections.get(http);
        if (connection != null) {
            connection.requestBegins();
            ctx.addEndHandler(_ -> connection.requestEnds());
        }
        ctx.next();
    }
}
