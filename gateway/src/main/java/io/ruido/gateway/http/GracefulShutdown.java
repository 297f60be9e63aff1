package io.ruido.gateway.http;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.PlatformHandler;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shuts a gateway down without failing a request. The gateway reports at once that it is not ready, so it gets no new
 * connections. Existing connections are closed with their next response, watchers are asked to reconnect, and responses
 * in progress are completed.
 */
public final class GracefulShutdown implements PlatformHandler {
    private static final Logger log = LoggerFactory.getLogger(GracefulShutdown.class);

    /** The time in which requests are still accepted on connections whose clients do not know of the shutdown yet. */
    private static final Duration SETTLE = Duration.ofSeconds(2);

    /** A response that takes longer is cut off. */
    private static final Duration TIMEOUT = Duration.ofSeconds(15);

    private static final long NO_ERROR = 0;

    private static final Duration LOOK_EVERY = Duration.ofMillis(50);

    private final AtomicInteger unanswered = new AtomicInteger();
    private final Set<Runnable> closers = ConcurrentHashMap.newKeySet();
    private volatile boolean begun;

    @Override
    public void handle(RoutingContext ctx) {
        if (!ctx.request().headers().contains(HttpHeaders.UPGRADE)) {
            unanswered.incrementAndGet();
            ctx.addEndHandler(ended -> unanswered.decrementAndGet());
        }
        ctx.addHeadersEndHandler(end -> {
            if (begun) {
                lastOfItsConnection(ctx);
            }
        });
        ctx.next();
    }

    /**
     * Tells a client to use another connection. An HTTP/2 connection stays open, as the client may already have sent
     * further requests on it: its GOAWAY frame has the largest stream number (RFC 9113, section 6.8).
     */
    private static void lastOfItsConnection(RoutingContext ctx) {
        if (ctx.request().version() == HttpVersion.HTTP_2) {
            ctx.request().connection().goAway(NO_ERROR, Integer.MAX_VALUE);
        } else {
            ctx.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
    }

    public boolean begun() {
        return begun;
    }

    /** A registration that is removed when its connection is closed. */
    public interface Registration {
        void remove();
    }

    /**
     * @param closer ends a connection that would otherwise stay open; is called at once when the shutdown has begun
     */
    public Registration onBegin(Runnable closer) {
        closers.add(closer);
        if (begun) {
            closer.run();
        }
        return () -> closers.remove(closer);
    }

    /** Begins the shutdown and waits for the responses in progress, at most {@link #TIMEOUT}. */
    public void run() throws InterruptedException {
        begun = true;
        log.info("gateway is shutting down; closing {} WebSockets and event streams", closers.size());
        closers.forEach(Runnable::run);
        long start = System.nanoTime();
        while (since(start).compareTo(SETTLE) < 0
                || (unanswered.get() > 0 && since(start).compareTo(TIMEOUT) < 0)) {
            Thread.sleep(LOOK_EVERY);
        }
        if (unanswered.get() > 0) {
            log.warn(
                    "gateway is closing with {} unanswered requests after {} s", unanswered.get(), TIMEOUT.toSeconds());
        }
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
