package io.ruido.gateway.events;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/** An answer that is a stream of events, kept open by comments while there are none. */
public final class ServerSentEvents {
    private static final Duration HEARTBEAT = Duration.ofSeconds(15);

    private ServerSentEvents() {}

    public static HttpServerResponse open(RoutingContext ctx) {
        HttpServerResponse response = ctx.response()
                .setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .putHeader("X-Accel-Buffering", "no");
        long heartbeat = ctx.vertx().setPeriodic(HEARTBEAT.toMillis(), timer -> {
            if (response.closed()) {
                ctx.vertx().cancelTimer(timer); // of a client that had gone before: no end handler is called then
            } else if (!response.writeQueueFull()) {
                response.write(":\n\n");
            }
        });
        ctx.addEndHandler(ended -> ctx.vertx().cancelTimer(heartbeat));
        // The first event may be long in coming.
        response.writeHead();
        return response;
    }
}
