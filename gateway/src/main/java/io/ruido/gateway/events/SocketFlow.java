package io.ruido.gateway.events;

import io.vertx.core.http.ServerWebSocket;

/**
 * Reads a WebSocket no faster than its client takes the answers: reading pauses while the socket is full, and while as many
 * commands are in hand as one client may have. Also pings are answered, so this is for every socket. All of it runs on the
 * socket's event loop.
 */
final class SocketFlow {
    private static final int COMMANDS_IN_HAND = 16;

    private final ServerWebSocket socket;
    private int inHand;
    private boolean paused;

    /** @param drained goes on with what waited for the socket */
    SocketFlow(ServerWebSocket socket, Runnable drained) {
        this.socket = socket;
        socket.frameHandler(frame -> regulate());
        socket.drainHandler(empty -> {
            regulate();
            drained.run();
        });
    }

    /** A command is in hand until {@link #end}. */
    void begin() {
        inHand++;
        regulate();
    }

    void end() {
        inHand--;
        regulate();
    }

    /** Whether nothing is read, so that no answer to a ping can be seen either. */
    boolean paused() {
        return paused;
    }

    private void regulate() {
        if (socket.isClosed()) {
            return;
        }
        boolean pause = inHand >= COMMANDS_IN_HAND || socket.writeQueueFull();
        if (pause && !paused) {
            paused = true;
            socket.pause();
        } else if (!pause && paused) {
            paused = false;
            socket.resume();
        }
    }
}
