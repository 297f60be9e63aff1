package io.ruido.standalone;

import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import java.net.http.WebSocket;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;

/** The events that come over one WebSocket, to be taken one by one. */
final class EventFeed implements WebSocket.Listener {
    private final BlockingQueue<Optional<JobEvent>> events = new LinkedBlockingQueue<>();
    private final StringBuilder frame = new StringBuilder();

    /** Waits for the next event; empty when the connection is gone. */
    Optional<JobEvent> next() throws InterruptedException {
        return events.take();
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
        events.add(Optional.empty());
        return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
        events.add(Optional.empty());
    }
}
