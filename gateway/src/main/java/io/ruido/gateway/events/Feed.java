package io.ruido.gateway.events;

import io.ruido.job.JobStatus;
import io.ruido.redis.EventStream;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.streams.WriteStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;

/**
 * Sends a job's events to one client, each at most once and in order. All past events are read page by page at the
 * client's pace. Later events are sent as they happen, and the job does not wait for the client: while its socket is
 * full, events that newer ones replace are dropped. Everything except for the watch runs on the client's event loop.
 */
public final class Feed implements AutoCloseable {
    private static final long TRY_AGAIN_MILLIS = 500;

    private final EventStream events;
    private final UUID job;
    private final Context loop;
    private final WriteStream<?> socket;
    private final EventStream.Listener client;
    private final Deque<EventStream.Entry> waiting = new ArrayDeque<>();
    private long read;
    private boolean reading;
    private boolean allRead;
    private EventStream.Watch watch;
    private boolean closed;

    /**
     * Creates a feed that sends nothing until {@link #resume} is called.
     *
     * @param after number of the last event that the client has seen
     * @param client writes events to the socket; the feed is closed after the last one
     */
    public Feed(
            EventStream events,
            UUID job,
            long after,
            Context loop,
            WriteStream<?> socket,
            EventStream.Listener client) {
        this.events = events;
        this.job = job;
        this.read = after;
        this.loop = loop;
        this.socket = socket;
        this.client = client;
    }

    /**
     * Returns whether no event is left to send. A client that has seen a higher number saw events that Redis has since
     * lost, but not the job's last event.
     */
    public static boolean none(JobStatus job, long seen) {
        return job.state().terminal() && seen == job.lastEvent();
    }

    /** Continues to send events after the socket has drained. Does nothing if events are being sent. */
    public void resume() {
        while (!closed && !waiting.isEmpty() && !full()) {
            send(waiting.removeFirst());
        }
        if (closed || !waiting.isEmpty() || watch != null) {
            return;
        }
        if (allRead) {
            watch = events.watch(
                    job, read, (event, json) -> loop.runOnContext(hop -> onEvent(new EventStream.Entry(event, json))));
        } else if (!reading) {
            reading = true;
            Future.fromCompletionStage(events.read(job, read), loop)
                    .onSuccess(this::onPage)
                    .onFailure(error -> loop.owner().setTimer(TRY_AGAIN_MILLIS, timer -> readAgain()));
        }
    }

    private void onPage(List<EventStream.Entry> page) {
        allRead = page.size() < EventStream.PAGE;
        waiting.addAll(page);
        if (!page.isEmpty()) {
            read = page.getLast().event().number();
        }
        readAgain();
    }

    private void readAgain() {
        reading = false;
        resume();
    }

    private void onEvent(EventStream.Entry entry) {
        if (!closed && waiting.isEmpty() && !full()) {
            send(entry);
        } else if (!closed) {
            waiting.removeIf(earlier -> entry.event().overtakes(earlier.event()));
            waiting.add(entry);
        }
    }

    /** Returns whether the socket is full. A closed WebSocket throws, some time before its close handler is called. */
    private boolean full() {
        try {
            return socket.writeQueueFull();
        } catch (IllegalStateException e) {
            close();
            return true;
        }
    }

    private void send(EventStream.Entry entry) {
        if (entry.event().last()) {
            close();
        }
        client.onEvent(entry.event(), entry.json());
    }

    @Override
    public void close() {
        closed = true;
        waiting.clear();
        if (watch != null) {
            watch.close();
            watch = null;
        }
    }
}
