package io.ruido.standalone;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A client of the gateway that takes as little of the machine as it can: one event loop, connections kept alive. */
final class BenchClient implements AutoCloseable {
    private static final String HOST = "127.0.0.1";

    /** A busy machine shall show as slow, not as a gateway that does not answer. */
    private static final int PATIENCE_SECONDS = 60;

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    private final HttpClientAgent http;
    private final WebSocketClient sockets = vertx.createWebSocketClient();
    private final int port;

    BenchClient(int port, int connections) {
        this.port = port;
        this.http = vertx.createHttpClient(
                new HttpClientOptions().setDefaultHost(HOST).setDefaultPort(port),
                new PoolOptions().setHttp1MaxSize(connections));
    }

    static String submission(String prompt, int steps) {
        return new JsonObject().put("prompt", prompt).put("steps", steps).encode();
    }

    /** Completes with the job's id once it is accepted. */
    CompletionStage<String> submit(String submission) {
        return http.request(HttpMethod.POST, "/v1/jobs")
                .compose(request ->
                        request.putHeader("Content-Type", "application/json").send(submission))
                .compose(response -> response.body()
                        .compose(body -> response.statusCode() == 202
                                ? Future.succeededFuture(body.toJsonObject().getString("id"))
                                : Future.failedFuture("HTTP " + response.statusCode() + ": " + body)))
                .toCompletionStage();
    }

    /** A connection over which jobs can be watched. */
    Events events(Handler<JsonObject> listener) throws TimeoutException {
        var socket = sockets.connect(port, HOST, "/v1/ws").await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        socket.textMessageHandler(text -> listener.handle(new JsonObject(text)));
        return job -> socket.writeTextMessage(
                new JsonObject().put("op", "subscribe").put("job", job).encode());
    }

    /** Sends a job's events to the listener. */
    @FunctionalInterface
    interface Events {
        void subscribe(String job);
    }

    @Override
    public void close() throws TimeoutException {
        vertx.close().await(5, TimeUnit.SECONDS);
    }
}
