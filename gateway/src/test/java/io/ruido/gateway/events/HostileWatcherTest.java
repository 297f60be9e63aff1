package io.ruido.gateway.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ruido.gateway.Client;
import io.ruido.gateway.Services;
import io.ruido.gateway.Watcher;
import io.ruido.gateway.access.KeyFile;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients of WebSockets that do not read what they ask for, or ask for too much. */
class HostileWatcherTest {
    private static final Path KEYS = KeyFile.write(KeyFile.entry("boss", "boss-secret", "admin: true")
            + KeyFile.entry("slow", "slow-secret", "requestsPerMinute: 5"));

    @RegisterExtension
    static final Services SERVICES = new Services(Map.of("ruido.gateway.api-keys", KEYS.toString()));

    private static final int FRAMES = 1_000_000;
    private static final int TEXT = 0x81;
    private static final int PING = 0x89;
    private static final long MEGABYTE = 1 << 20;

    private final Client client = SERVICES.client;

    @ParameterizedTest
    @ValueSource(ints = {TEXT, PING})
    void answersThatNobodyReadsTakeNoMemory(int type) throws Exception {
        long before = used();
        try (SocketChannel socket = connect("/v1/ws")) {
            flood(socket, frames(type));

            assertThat(used() - before).isLessThan(100 * MEGABYTE);
            assertThat(client.get("/health/live").status()).isEqualTo(200);
        }
    }

    @Test
    void pingsOfOneWhoWatchesOneJobTakeNoMemoryEither() throws Exception {
        String body = "{\"prompt\": \"watched\"}";
        String id = client.submit(body, "Authorization", "Bearer boss-secret")
                .json()
                .get("id")
                .asText();
        long before = used();
        try (SocketChannel socket = connect("/v1/jobs/" + id + "/ws")) {
            flood(socket, frames(PING));

            assertThat(used() - before).isLessThan(100 * MEGABYTE);
        }
    }

    @Test
    void commandsCountAsRequests() {
        Watcher watcher = Watcher.open(client, "/v1/ws", "Authorization", "Bearer slow-secret");

        for (int i = 0; i < 10; i++) {
            watcher.send("{\"op\": \"subscribe\", \"job\": \"" + UUID.randomUUID() + "\"}");
        }

        await().untilAsserted(() -> assertThat(watcher.frames).hasSize(10));
        assertThat(watcher.frames)
                .extracting(frame -> frame.at("/problem/code").asText())
                .contains("not-found", "too-many-requests");
    }

    @Test
    void noMoreIsWatchedThanOneConnectionMayHoweverFastItAsks() {
        List<String> ids = IntStream.range(0, 1_010)
                .mapToObj(i -> client.submit("{\"prompt\": \"one of many\"}", "Authorization", "Bearer boss-secret")
                        .json()
                        .get("id")
                        .asText())
                .toList();
        Watcher watcher = Watcher.open(client, "/v1/ws", "Authorization", "Bearer boss-secret");

        ids.forEach(id -> watcher.socket
                .sendText("{\"op\": \"subscribe\", \"job\": \"" + id + "\"}", true)
                .join());

        await().until(() -> watcher.frames.stream()
                        .map(frame -> frame.get("job").asText())
                        .distinct()
                        .count()
                == ids.size());
        assertThat(watcher.frames)
                .filteredOn(frame -> frame.has("problem"))
                .extracting(frame -> frame.at("/problem/code").asText())
                .hasSize(10)
                .containsOnly("too-many-subscriptions");
    }

    @Test
    void aJobThatIsLongForgottenIsLookedForOnce() {
        String path = "/v1/jobs/01800000-0000-7000-8000-000000000000";
        assertThat(client.get(path, "Authorization", "Bearer boss-secret").status())
                .isEqualTo(404);
        SERVICES.stopS3();
        try {
            assertThat(client.get(path, "Authorization", "Bearer boss-secret").status())
                    .isEqualTo(404);
        } finally {
            SERVICES.startS3();
        }
    }

    /** Sends until all is sent, or the other side takes no more. */
    private static void flood(SocketChannel socket, ByteBuffer frames) throws Exception {
        socket.configureBlocking(false);
        for (int idle = 0; frames.hasRemaining() && idle < 30; ) {
            idle = socket.write(frames) == 0 ? idle + 1 : 0;
            Thread.sleep(idle == 0 ? 0 : 100);
        }
        Thread.sleep(500);
    }

    /** Masked with zeros, which changes nothing. */
    private static ByteBuffer frames(int type) {
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (int i = 0; i < FRAMES; i++) {
            frames.write(type);
            frames.writeBytes(new byte[] {(byte) (0x80 | 2), 0, 0, 0, 0, '{', '}'});
        }
        return ByteBuffer.wrap(frames.toByteArray());
    }

    private SocketChannel connect(String path) throws Exception {
        SocketChannel socket =
                SocketChannel.open(new InetSocketAddress(client.address.getHost(), client.address.getPort()));
        socket.write(ByteBuffer.wrap(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                        + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer boss-secret\r\n"
                        + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII)));
        ByteBuffer answer = ByteBuffer.allocate(12);
        while (answer.hasRemaining()) {
            assertThat(socket.read(answer)).isPositive();
        }
        assertThat(new String(answer.array(), StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 101");
        return socket;
    }

    private static long used() {
        for (int i = 0; i < 4; i++) {
            System.gc(); // Not each time do collectors give back all.
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed()
                + io.netty.buffer.PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
    }
}
