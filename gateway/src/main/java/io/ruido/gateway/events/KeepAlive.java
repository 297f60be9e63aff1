package io.ruido.gateway.events;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import java.time.Duration;

/**
 * Pings a WebSocket, so that proxies keep it open, and closes it if a ping was not answered before the next one. While
 * reading is paused no answer can arrive, so more time is allowed.
 */
final class KeepAlive implements AutoCloseable {
    private static final short GOING_AWAY = 1001;
    private static final int PINGS_WHILE_PAUSED = 8;

    private final Vertx vertx;
    private final ServerWebSocket socket;
    private final SocketFlow flow;
    private final long timer;
    private int unanswered;

    KeepAlive(Vertx vertx, ServerWebSocket socket, SocketFlow flow, Duration every) {
        this.vertx = vertx;
        this.socket = socket;
        this.flow = flow;
        this.timer = vertx.setPeriodic(every.toMillis(), id -> ping());
        socket.pongHandler(pong -> unanswered = 0);
    }

    private void ping() {
        if (unanswered == 0) {
            socket.writePing(Buffer.buffer());
            unanswered = 1;
        } else if (flow.paused() && unanswered < PINGS_WHILE_PAUSED) {
            unanswered++;
        } else {
            socket.close(GOING_AWAY, "no answer to a ping");
        }
    }

    @Override
    public void close() {
        vertx.cancelTimer(timer);
    }
}
