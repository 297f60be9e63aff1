package io.ruido.standalone.generate;

import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A queue of the events that arrive over one WebSocket. */
public final class EventFeed implements WebSocket.Listener {
    private final BlockingQueue<Optional<JobEvent>> events = new LinkedBlockingQueue<>();
    private final StringBuilder frame = new StringBuilder();
    private volatile boolean lost;

    /** Waits for the next event; empty when the connection is lost. */
    public Optional<JobEvent> next() throws InterruptedException {
        return events.take();
    }

    /** Waits for the next event; empty when none comes in time, or the connection is {@link #lost}. */
    public Optional<JobEvent> next(Duration atMost) throws InterruptedException {
        Optional<JobEvent> next = events.poll(atMost.toMillis(), TimeUnit.MILLISECONDS);
        return next == null ? Optional.empty() : next;
    }

    /** Returns whether the connection is lost. Earlier events may still be available. */
    public boolean lost() {
        return lost;
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
        frame.append(part);
        if (last) {
            events.add(Optional.of(JobJson.read(frame.toString(), JobEvent.class)));
            frame.setLength(0);
        }
        socket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
        lose();
        return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
        lose();
    }

    private void lose() {
        lost = true;
        events.add(Optional.empty());
    }
}
