package io.ruido.secured;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.sentinel.api.StatefulRedisSentinelConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/** A real sentinel, alone: it decides by itself that a master is down. */
final class Sentinel implements AutoCloseable {
    private static final String MASTER = "main";

    private final Process process;
    private final int port;
    private final RedisClient client;
    private final StatefulRedisSentinelConnection<String, String> connection;

    private Sentinel(Process process, int port) {
        this.process = process;
        this.port = port;
        this.client = RedisClient.create(RedisURI.create("127.0.0.1", port));
        await(() -> client.connectSentinel() != null);
        this.connection = client.connectSentinel();
    }

    static Sentinel start(String executable, Path folder, int masterPort) throws IOException {
        int port = RedisServer.freePort();
        Path config = Files.writeString(
                folder.resolve("sentinel.conf"), """
                port %d
                bind 127.0.0.1
                dir %s
                sentinel monitor %s 127.0.0.1 %d 1
                sentinel down-after-milliseconds %s 1000
                sentinel failover-timeout %s 5000
                """.formatted(port, folder, MASTER, masterPort, MASTER, MASTER));
        Process process = new ProcessBuilder(executable, config.toString(), "--sentinel")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("sentinel.log").toFile())
                .start();
        try {
            return new Sentinel(process, port);
        } catch (RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    String uri() {
        return "redis-sentinel://127.0.0.1:%d/0#%s".formatted(port, MASTER);
    }

    /** Until it knows that there is one to take over. */
    void awaitReplica() {
        await(() -> {
            Map<String, String> master = connection.sync().master(MASTER);
            return master.get("num-slaves").equals("1")
                    && connection
                            .sync()
                            .replicas(MASTER)
                            .getFirst()
                            .get("master-link-status")
                            .equals("ok");
        });
    }

    void awaitMaster(int expected) {
        await(() -> connection.sync().getMasterAddrByName(MASTER) instanceof InetSocketAddress address
                && address.getPort() == expected);
    }

    static void await(Callable<Boolean> condition) {
        Awaitility.await().atMost(Duration.ofMinutes(1)).ignoreExceptions().until(condition);
    }

    @Override
    public void close() {
        connection.close();
        client.shutdown();
        process.destroyForcibly().onExit().join();
    }
}
