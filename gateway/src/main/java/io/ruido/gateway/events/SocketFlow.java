package io.ruido.gateway.events;

import io.vertx.core.http.ServerWebSocket;

/**
 * Limits how fast a WebSocket is read: reading pauses while the socket is full, and while the client has the maximum
 * number of unfinished commands. Answers to pings also fill a socket, so this applies to every socket. All methods run
 * on the socket's event loop.
 */
final class SocketFlow {
    private static final int MAX_COMMANDS = 16;

    private final ServerWebSocket socket;
    private int unfinished;
    private boolean paused;

    /** @param drained called when the socket has drained */
    SocketFlow(ServerWebSocket socket, Runnable drained) {
        this.socket = socket;
        socket.frameHandler(frame -> regulate());
        socket.drainHandler(empty -> {
            regulate();
            drained.run();
        });
    }

    /** Begins a command, which is unfinished until {@link #end}. */
    void begin() {
        unfinished++;
        regulate();
    }

    void end() {
        unfinished--;
        regulate();
    }

    /** Returns whether reading is paused, so that no answer to a ping can arrive. */
    boolean paused() {
        return paused;
    }

    private void regulate() {
        if (socket.isClosed()) {
            return;
        }
        boolean pause = unfinished >= MAX_COMMANDS || socket.writeQueueFull();
        if (pause && !paused) {
            paused = true;
            socket.pause();
        } else if (!pause && paused) {
            paused = false;
            socket.resume();
        }
    }
}
