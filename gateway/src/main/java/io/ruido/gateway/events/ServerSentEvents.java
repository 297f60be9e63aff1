package io.ruido.gateway.events;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/** A response that is a stream of events. Comments keep it open while there are no events. */
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
                ctx.vertx().cancelTimer(timer); // the client disconnected before the end handler was set
            } else if (!response.writeQueueFull()) {
                response.write(":\n\n");
            }
        });
        ctx.addEndHandler(ended -> ctx.vertx().cancelTimer(heartbeat));
        // The first event can take long.
        response.writeHead();
        return response;
    }
}
