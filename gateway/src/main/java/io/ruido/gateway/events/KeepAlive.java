package io.ruido.gateway.events;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import java.time.Duration;

/** Pings a WebSocket, so that proxies keep it open, and closes it when a ping was not answered before the next. */
final class KeepAlive implements AutoCloseable {
    private static final short GOING_AWAY = 1001;

    private final Vertx vertx;
    private final ServerWebSocket socket;
    private final long timer;
    private boolean answered = true;

    KeepAlive(Vertx vertx, ServerWebSocket socket, Duration every) {
        this.vertx = vertx;
        this.socket = socket;
        this.timer = vertx.setPeriodic(every.toMillis(), id -> ping());
        socket.pongHandler(pong -> answered = true);
    }

    private void ping() {
        if (answered) {
            answered = false;
            socket.writePing(Buffer.buffer());
        } else {
            socket.close(GOING_AWAY, "no answer to a ping");
        }
    }

    @Override
    public void close() {
        vertx.cancelTimer(timer);
    }
}
