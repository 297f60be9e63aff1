package io.ruido.bench.chaos;

import io.ruido.bench.BenchCommand;
import io.ruido.embedded.EmbeddedKafka;
import io.ruido.embedded.EmbeddedRedis;
import io.ruido.embedded.EmbeddedS3;
import io.ruido.standalone.Ruido;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Kafka, Redis and S3, two gateways and some workers, each a process of its own on this machine. */
final class ChaosCluster implements AutoCloseable {
    private static final int SERVERS = 3;
    private static final int GATEWAYS = 2;
    private static final int LOOK_AGAIN_MILLIS = 50;
    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    private final ChaosProcess kafka;
    private final ChaosProcess redis;
    private final ChaosProcess s3;
    private final List<ChaosProcess> gateways;
    private final List<ChaosProcess> workers;
    private final List<Integer> serverPorts;
    private final List<URI> addresses;

    /**
     * @param folder folder for data and logs
     * @param settings settings of gateways and workers in addition to the servers' addresses
     */
    ChaosCluster(Path folder, int workers, Map<String, String> settings) {
        List<Integer> ports = freePorts(SERVERS + GATEWAYS);
        serverPorts = ports.subList(0, SERVERS);
        Map<String, String> environment = new HashMap<>();
        EmbeddedKafka.settings(folder.resolve(folder(ServerCommand.Kind.KAFKA)), ports.get(0))
                .forEach((name, value) -> put(environment, name, value));
        EmbeddedRedis.settings(folder.resolve(folder(ServerCommand.Kind.REDIS)), ports.get(1))
                .forEach((name, value) -> put(environment, name, value));
        EmbeddedS3.settings(folder.resolve(folder(ServerCommand.Kind.S3)), ports.get(2))
                .forEach((name, value) -> put(environment, name, value));
        // Few threads, because several workers share the machine.
        environment.put("RUIDO_WORKER_THREADS", "1");
        settings.forEach((name, value) -> put(environment, name, value));
        kafka = server(ServerCommand.Kind.KAFKA, folder, ports.get(0));
        redis = server(ServerCommand.Kind.REDIS, folder, ports.get(1));
        s3 = server(ServerCommand.Kind.S3, folder, ports.get(2));
        addresses = ports.subList(SERVERS, ports.size()).stream()
                .map(port -> URI.create("http://127.0.0.1:" + port))
                .toList();
        gateways = IntStream.range(0, GATEWAYS)
                .mapToObj(i -> {
                    Map<String, String> own = new HashMap<>(environment);
                    own.put("RUIDO_GATEWAY_PORT", ports.get(SERVERS + i).toString());
                    return new ChaosProcess("gateway-" + (1 + i), folder, own, Ruido.class, "gateway");
                })
                .toList();
        this.workers = IntStream.rangeClosed(1, workers)
                .mapToObj(i -> new ChaosProcess("worker-" + i, folder, environment, Ruido.class, "worker"))
                .toList();
    }

    /** Starts the servers, waits until they accept connections, and starts the rest. */
    void start() throws InterruptedException {
        List.of(kafka, redis, s3).forEach(ChaosProcess::start);
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        for (int port : serverPorts) {
            while (!connects(port)) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("a server did not start within " + TIMEOUT);
                }
                Thread.sleep(LOOK_AGAIN_MILLIS);
            }
        }
        gateways.forEach(ChaosProcess::start);
        workers.forEach(ChaosProcess::start);
    }

    private static boolean connects(int port) {
        try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void put(Map<String, String> environment, String setting, String value) {
        environment.put(setting.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_'), value);
    }

    private static String folder(ServerCommand.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    private static ChaosProcess server(ServerCommand.Kind kind, Path folder, int port) {
        String name = folder(kind);
        return new ChaosProcess(
                name,
                folder,
                Map.of(),
                BenchCommand.class,
                "server",
                kind.name(),
                "--folder",
                folder.resolve(name).toString(),
                "--port",
                String.valueOf(port));
    }

    /** Returns ports that were free a moment ago. */
    private static List<Integer> freePorts(int count) {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            List<Integer> ports =
                    sockets.stream().map(ServerSocket::getLocalPort).toList();
            for (ServerSocket socket : sockets) {
                socket.close();
            }
            return ports;
        } catch (IOException e) {
            throw new UncheckedIOException("no free ports", e);
        }
    }

    /** Returns the addresses of the gateways. */
    List<URI> addresses() {
        return addresses;
    }

    ChaosProcess kafka() {
        return kafka;
    }

    ChaosProcess redis() {
        return redis;
    }

    ChaosProcess s3() {
        return s3;
    }

    List<ChaosProcess> gateways() {
        return gateways;
    }

    List<ChaosProcess> workers() {
        return workers;
    }

    private Stream<ChaosProcess> all() {
        return Stream.of(Stream.of(kafka, redis, s3), gateways.stream(), workers.stream())
                .flatMap(parts -> parts);
    }

    /** Stops gateways and workers before the servers that they need. */
    @Override
    public void close() {
        all().toList().reversed().forEach(ChaosProcess::close);
    }
}
