package io.ruido.bench;

import io.ruido.config.RuidoConfig;
import io.ruido.gateway.Gateway;
import io.ruido.standalone.Servers;
import io.ruido.standalone.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Servers and a gateway on free ports, in a temporary folder that is deleted with them, also on Ctrl-C. */
public final class BenchServers implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(BenchServers.class);
    private static final String TIMEOUT = "PT30S";

    private final TemporaryFolder folder;
    private final Deque<AutoCloseable> running = new ConcurrentLinkedDeque<>();
    private RuidoConfig config;
    private int gatewayPort;

    private BenchServers(TemporaryFolder folder) {
        this.folder = folder;
    }

    public static BenchServers start(Path models) throws IOException, TimeoutException {
        return start(models, Map.of());
    }

    /** @param more settings */
    public static BenchServers start(Path models, Map<String, String> more) throws IOException, TimeoutException {
        TemporaryFolder folder = TemporaryFolder.create("ruido-bench");
        // No settings from the environment or a file, so that a benchmark never writes to other servers.
        Settings settings = new Settings(
                        Map.of(
                                "ruido.data-dir",
                                folder.path().toString(),
                                "ruido.gateway.port",
                                "0",
                                // The limit must not affect the measured rate.
                                "ruido.jobs.max-queued",
                                "10000000",
                                // Long, so that a busy machine gives a slow result instead of errors.
                                "ruido.kafka.timeout",
                                TIMEOUT,
                                "ruido.redis.timeout",
                                TIMEOUT,
                                "ruido.s3.timeout",
                                TIMEOUT,
                                "ruido.worker.models",
                                models.toString()),
                        Map.of(),
                        Optional.empty())
                .with(more);
        BenchServers bench = new BenchServers(folder);
        Runtime.getRuntime().addShutdownHook(new Thread(bench::close, "clean up"));
        Servers servers = Servers.start(settings.load());
        bench.running.push(servers);
        bench.config = settings.with(servers.addresses()).load();
        Gateway gateway = Gateway.start(bench.config);
        bench.running.push(gateway);
        bench.gatewayPort = gateway.port();
        return bench;
    }

    public RuidoConfig config() {
        return config;
    }

    public int gatewayPort() {
        return gatewayPort;
    }

    @Override
    public synchronized void close() {
        for (AutoCloseable part; (part = running.poll()) != null; ) {
            try {
                part.close();
            } catch (Exception e) {
                log.warn("{} failed to stop; stopping the rest", part, e);
            }
        }
        folder.close();
    }
}
