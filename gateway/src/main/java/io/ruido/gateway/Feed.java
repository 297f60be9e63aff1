package io.ruido.gateway;

import io.ruido.job.JobEvent;
import io.ruido.progress.EventStream;
import io.vertx.core.Context;
import io.vertx.core.streams.WriteStream;
import java.util.UUID;

/**
 * Sends a job's events to one client, each once and in order, at the client's pace: while its socket is full nothing is
 * kept for it here, and once it has drained the events are read again by number. All but the watch runs on the client's
 * event loop.
 */
final class Feed implements AutoCloseable {
    private final EventStream events;
    private final UUID job;
    private final Context loop;
    private final WriteStream<?> socket;
    private final EventStream.Listener client;
    private long last;
    private EventStream.Watch watch;
    private long watches;
    private boolean closed;

    /**
     * Sends nothing before it is resumed.
     *
     * @param after number of the last event that the client has seen
     * @param client writes to the socket, also the last event, after which the feed is closed
     */
    Feed(EventStream events, UUID job, long after, Context loop, WriteStream<?> socket, EventStream.Listener client) {
        this.events = events;
        this.job = job;
        this.last = after;
        this.loop = loop;
        this.socket = socket;
        this.client = client;
    }

    /** To be called when the socket has drained; does nothing while events flow. */
    void resume() {
        if (watch == null && !closed) {
            long number = ++watches;
            watch = events.watch(job, last, (event, json) -> loop.runOnContext(hop -> deliver(number, event, json)));
        }
    }

    private void deliver(long watchNumber, JobEvent event, String json) {
        // What was still on its way from a watch before this one is read again.
        if (watch == null || watchNumber != watches) {
            return;
        }
        last = event.number();
        if (event.last()) {
            close();
        }
        client.onEvent(event, json);
        if (!closed && socket.writeQueueFull()) {
            pause();
        }
    }

    private void pause() {
        if (watch != null) {
            watch.close();
            watch = null;
        }
    }

    @Override
    public void close() {
        closed = true;
        pause();
    }
}
