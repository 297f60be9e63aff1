package io.ruido.gateway;

import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes everything that was started, the newest first; what is added after that, at once. */
final class Resources implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Resources.class);

    private final Deque<AutoCloseable> started = new ConcurrentLinkedDeque<>();
    private volatile boolean closed;

    <T extends AutoCloseable> T add(T resource) {
        started.push(resource);
        if (closed) {
            close();
        }
        return resource;
    }

    @Override
    public void close() {
        closed = true;
        for (AutoCloseable resource; (resource = started.poll()) != null; ) {
            try {
                resource.close();
            } catch (Exception e) {
                log.warn(
                        "{} failed to close; closing the rest",
                        resource.getClass().getSimpleName(),
                        e);
            }
        }
    }
}
