package io.ruido.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.gateway.Client;
import io.ruido.gateway.RawClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.WebSocketClient;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IdleConnectionsTest {
    private static final Duration IDLE = Duration.ofSeconds(1); // outlasts a busy machine
    private static final Duration LONG = IDLE.multipliedBy(2);

    private final Vertx vertx = Vertx.vertx();
    private HttpVerticle server;

    @BeforeEach
    void listen() throws Exception {
        IdleConnections idle = new IdleConnections(IDLE);
        Router router = Router.router(vertx);
        router.route().handler(idle);
        router.get("/slow").handler(ctx -> vertx.setTimer(LONG.toMillis(), _ -> ctx.end("slow answer")));
        router.get("/ws").handler(ctx -> ctx.request()
                .toWebSocket()
                .onSuccess(socket -> vertx.setTimer(LONG.toMillis(), _ -> socket.writeTextMessage("late message"))));
        server = new HttpVerticle(new HttpServerOptions().setHost("127.0.0.1").setPort(-1), router, idle);
        vertx.deployVerticle(server).await(Client.TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().await(Client.TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void aConnectionIsClosedAfterItsLastAnswerAndNotWhileOneIsAwaited() throws Exception {
        String answer = new RawClient(URI.create("http://127.0.0.1:" + server.port()))
                .send("GET /slow HTTP/1.1\r\nHost: ruido\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 200").endsWith("slow answer");
    }

    @Test
    void anHttp2ConnectionIsClosedToo() throws Exception {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        HttpClient client = vertx.httpClientBuilder()
                .with(new HttpClientOptions()
                        .setProtocolVersion(HttpVersion.HTTP_2)
                        .setHttp2ClearTextUpgrade(false))
                .withConnectHandler(connection -> connection.closeHandler(_ -> closed.complete(null)))
                .build();

        Future<Buffer> answer = client.request(HttpMethod.GET, server.port(), "127.0.0.1", "/slow")
                .compose(HttpClientRequest::send)
                .compose(HttpClientResponse::body);

        assertThat(answer.await(Client.TIMEOUT.toSeconds(), TimeUnit.SECONDS)).hasToString("slow answer");
        closed.get(Client.TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void aWebSocketIsNotClosed() throws Exception {
        CompletableFuture<String> message = new CompletableFuture<>();
        WebSocketClient client = vertx.createWebSocketClient();

        client.connect(server.port(), "127.0.0.1", "/ws")
                .onSuccess(socket ->
                        socket.textMessageHandler(message::complete).closeHandler(_ -> message.complete("closed")));

        assertThat(message.get(Client.TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isEqualTo("late message");
    }
}
