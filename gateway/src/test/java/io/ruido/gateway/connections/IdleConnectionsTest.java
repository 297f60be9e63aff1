package io.ruido.gateway.connections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ruido.gateway.Client;
import io.ruido.gateway.RawClient;
import io.ruido.gateway.http.HttpVerticle;
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
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdleConnectionsTest {
    private static final Duration IDLE = Duration.ofSeconds(1); // outlasts a busy machine
    private static final Duration LONG = IDLE.multipliedBy(2);

    private static final int LIMIT = 40;

    private final Queue<RoutingContext> held = new ConcurrentLinkedQueue<>();
    private final List<Socket> idle = new ArrayList<>();
    private Vertx vertx;
    private HttpVerticle server;
    private RawClient client;

    @BeforeEach
    void listenWithShortTimeout() throws Exception {
        listen(IDLE);
    }

    private void listen(Duration timeout) throws Exception {
        IdleConnections connections = new IdleConnections(timeout, LIMIT);
        vertx = Vertx.builder().withTransport(connections.transport()).build();
        Router router = Router.router(vertx);
        router.route().handler(connections);
        router.get("/").handler(ctx -> ctx.end("answer"));
        router.get("/held").handler(held::add);
        router.get("/slow").handler(ctx -> vertx.setTimer(LONG.toMillis(), _ -> ctx.end("slow answer")));
        router.get("/ws").handler(ctx -> ctx.request()
                .toWebSocket()
                .onSuccess(socket -> vertx.setTimer(LONG.toMillis(), _ -> socket.writeTextMessage("late message"))));
        server = new HttpVerticle(new HttpServerOptions().setHost("0.0.0.0").setPort(-1), router, connections);
        vertx.deployVerticle(server).await(Client.TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        client = new RawClient(URI.create("http://127.0.0.1:" + server.port()));
    }

    @AfterEach
    void closeSockets() throws IOException {
        for (Socket socket : idle) {
            socket.close();
        }
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().await(Client.TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void aConnectionIsClosedAfterItsLastAnswerAndNotWhileOneIsAwaited() throws Exception {
        String answer = client.send(request("/slow"));

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

    @ParameterizedTest
    @ValueSource(
            strings = {"", "GET / HTTP/1.1\r\nHost", "GET /ws HTTP/1.1\r\nHost: ruido\r\nUpgrade: websocket\r\n\r\n"})
    void aConnectionWithoutAWholeRequestOrWithARefusedWebSocketIsClosed(String sent) throws Exception {
        assertThat(client.send(sent)).doesNotContain("101");
    }

    @Test
    void silentConnectionsMakeRoomForOthers() throws Exception {
        listenWithLongTimeout();
        try (Socket waiting = held(1).getFirst()) {
            for (int i = 0; i < 50 * LIMIT; i++) {
                idle.add(client.open());
                if (i % LIMIT == 0) {
                    await().ignoreExceptions().until(() -> answered(client.open(), request("/")));
                }
            }

            await().until(() ->
                    idle.stream().filter(IdleConnectionsTest::isOpen).count() <= LIMIT);
            held.remove().end("answer");
            assertThat(answered(waiting, "")).as("a request in progress").isTrue();
        }
    }

    @Test
    void silentConnectionsOfOneAddressDoNotCloseThatOfAnother() throws Exception {
        listenWithLongTimeout();
        try (Socket other = new Socket("127.0.0.1", server.port(), InetAddress.getByName("127.0.0.2"), 0)) {
            other.setSoTimeout((int) Client.TIMEOUT.toMillis());
            for (int i = 0; i < 3 * LIMIT; i++) {
                idle.add(client.open());
            }
            await().until(() ->
                    idle.stream().filter(IdleConnectionsTest::isOpen).count() < LIMIT);

            assertThat(answered(other, request("/"))).isTrue();
        }
    }

    @Test
    void ofAddressesWithOneConnectionEachTheOneThatHasBeenIdleLongestIsClosed() throws Exception {
        listenWithLongTimeout();
        for (int i = 0; i <= LIMIT; i++) {
            idle.add(new Socket("127.0.0.1", server.port(), InetAddress.getByName("127.0.1." + (LIMIT + 1 - i)), 0));
            idle.getLast().setSoTimeout((int) Client.TIMEOUT.toMillis());
            assertThat(answered(idle.getLast(), request("/"))).isTrue();
        }

        await().until(() -> idle.stream().filter(IdleConnectionsTest::isOpen).count() == LIMIT);
        assertThat(isOpen(idle.getFirst())).isFalse();
    }

    @Test
    void whenNoConnectionIsIdleANewOneIsClosed() throws Exception {
        listenWithLongTimeout();
        List<Socket> busy = held(LIMIT);

        assertThat(isClosed(client.open())).isTrue();

        held.forEach(ctx -> ctx.end("answer"));
        for (Socket socket : busy) {
            assertThat(answered(socket, "")).isTrue();
        }
    }

    @Test
    void connectionsFromOnePortToTwoAddressesAreToldApart() throws Exception {
        try (Socket first = connected("127.0.0.1", 0);
                Socket second = connected("127.0.0.2", first.getLocalPort())) {
            assertThat(answered(first, request("/slow"))).isTrue();
            assertThat(isClosed(second)).isTrue();
        }
    }

    /** A connection from a port of this machine, or from a free one, to an address of this machine. */
    private Socket connected(String address, int port) throws IOException {
        Socket socket = new Socket();
        socket.setReuseAddress(true);
        socket.setSoTimeout((int) Client.TIMEOUT.toMillis());
        socket.bind(new InetSocketAddress("127.0.0.1", port));
        socket.connect(new InetSocketAddress(address, server.port()));
        return socket;
    }

    private void listenWithLongTimeout() throws Exception {
        close();
        listen(Client.TIMEOUT.multipliedBy(10));
    }

    /** Connections with a request in progress. */
    private List<Socket> held(int count) throws IOException {
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sockets.add(client.open());
            sockets.getLast().getOutputStream().write(request("/held").getBytes(StandardCharsets.UTF_8));
        }
        await().until(() -> held.size() == count);
        return sockets;
    }

    @Test
    void theLimitLeavesFileDescriptorsAndMemoryForAllElse() {
        assertThat(ConnectionLimit.of(700, Long.MAX_VALUE)).isBetween(32, 128);
        assertThat(ConnectionLimit.of(20_000, Long.MAX_VALUE)).isBetween(10_000, 20_000 - 1_024);
        assertThat(ConnectionLimit.of(64, Long.MAX_VALUE)).isBetween(1, 16);
        assertThat(ConnectionLimit.of(Long.MAX_VALUE, 1 << 30)).isEqualTo(32_768);
    }

    private static String request(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: ruido\r\n\r\n";
    }

    /** Whether a request, or the one in progress, is answered with 200. */
    private static boolean answered(Socket socket, String request) throws IOException {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        String status = "HTTP/1.1 200";
        return new String(socket.getInputStream().readNBytes(status.length()), StandardCharsets.UTF_8).equals(status);
    }

    private static boolean isOpen(Socket socket) {
        try {
            socket.setSoTimeout(1);
        } catch (SocketException e) {
            throw new UncheckedIOException(e);
        }
        return !isClosed(socket);
    }

    /** Whether the server closes a connection before the socket's timeout. */
    private static boolean isClosed(Socket socket) {
        try {
            socket.getInputStream().readAllBytes();
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }
}
