package io.ruido.bench;

import io.ruido.job.SamplingJob;
import io.ruido.job.SamplingParams;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A client of the gateway with little overhead: one event loop and persistent connections. */
public final class BenchClient implements AutoCloseable {
    private static final String HOST = "127.0.0.1";

    /** Long, so that a busy machine gives a slow result instead of an error. */
    private static final int TIMEOUT_SECONDS = 60;

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    private final HttpClientAgent http;
    private final WebSocketClient sockets;
    private final int port;

    public BenchClient(int port, int connections) {
        this.port = port;
        this.http = vertx.createHttpClient(
                // No idle timeout: a request on a connection that Vert.x is just closing would get no response.
                new HttpClientOptions()
                        .setDefaultHost(HOST)
                        .setDefaultPort(port)
                        .setKeepAliveTimeout(0),
                new PoolOptions().setHttp1MaxSize(connections));
        this.sockets = vertx.createWebSocketClient(new WebSocketClientOptions().setMaxConnections(connections));
    }

    public static String submission(String prompt, int steps) {
        return new JsonObject().put("prompt", prompt).put("steps", steps).encode();
    }

    public static String submission(SamplingJob job) {
        SamplingParams params = job.params();
        return new JsonObject()
                .put("prompt", job.prompt())
                .put("model", params.model())
                .put("width", params.width())
                .put("height", params.height())
                .put("steps", params.steps())
                .put("guidanceScale", params.guidanceScale())
                .put("sampler", params.sampler())
                .put("seed", params.seed())
                .encode();
    }

    /** Completes with the job's id once it is accepted. */
    public CompletionStage<String> submit(String submission) {
        return accept(submission).thenApply(job -> job.getString("id"));
    }

    /** Completes with the accepted job. */
    public CompletionStage<JsonObject> accept(String submission) {
        return http.request(HttpMethod.POST, "/v1/jobs")
                .compose(request ->
                        request.putHeader("Content-Type", "application/json").send(submission))
                .compose(response -> response.body()
                        .compose(body -> response.statusCode() == 202
                                ? Future.succeededFuture(body.toJsonObject())
                                : Future.failedFuture("HTTP " + response.statusCode() + ": " + body)))
                .toCompletionStage();
    }

    /** Completes when the job is watched, over a connection of its own; the listener gets its events as JSON. */
    public Future<WebSocket> watch(String job, Handler<String> listener) {
        return sockets.connect(port, HOST, "/v1/jobs/" + job + "/ws")
                .onSuccess(socket -> socket.textMessageHandler(listener));
    }

    /** Opens a connection over which jobs can be watched. */
    public Events events(Handler<JsonObject> listener) throws TimeoutException {
        var socket = sockets.connect(port, HOST, "/v1/ws").await(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        socket.textMessageHandler(text -> listener.handle(new JsonObject(text)));
        return job -> socket.writeTextMessage(
                new JsonObject().put("op", "subscribe").put("job", job).encode());
    }

    /** Sends a job's events to the listener. */
    @FunctionalInterface
    public interface Events {
        void subscribe(String job);
    }

    @Override
    public void close() throws TimeoutException {
        vertx.close().await(5, TimeUnit.SECONDS);
    }
}
