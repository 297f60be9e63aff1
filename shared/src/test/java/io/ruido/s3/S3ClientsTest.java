package io.ruido.s3;

import static org.awaitility.Awaitility.await;

import io.minio.MinioClient;
import io.minio.StatObjectArgs;
import io.ruido.config.RuidoConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class S3ClientsTest {
    private static final int CALLS = 20;

    /** OkHttp's default is five requests at a time to a host; the others wait without a timeout. */
    @Test
    void callsDoNotWaitForOthersThatGetNoAnswer() throws IOException {
        List<Socket> connections = new CopyOnWriteArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try (ServerSocket silent = new ServerSocket(0, CALLS, InetAddress.getLoopbackAddress())) {
                threads.submit(() -> {
                    while (true) {
                        connections.add(silent.accept());
                    }
                });
                MinioClient client = client(URI.create("http://localhost:" + silent.getLocalPort()));
                for (int i = 0; i < CALLS; i++) {
                    threads.submit(() -> client.statObject(StatObjectArgs.builder()
                            .bucket("bucket")
                            .object("key")
                            .build()));
                }

                await().atMost(Duration.ofSeconds(20)).until(() -> connections.size() == CALLS);
            } finally {
                for (Socket connection : connections) {
                    connection.close();
                }
            }
        }
    }

    private static MinioClient client(URI endpoint) throws IOException {
        Map<String, String> settings = Map.of(
                "ruido.s3.access-key", "key", "ruido.s3.secret-key", "a secret key", "ruido.s3.timeout", "PT60S");
        return S3Clients.create(
                RuidoConfig.load(settings, Map.of(), Optional.empty()).s3(), endpoint);
    }
}
