package io.ruido.standalone;

import io.ruido.config.RuidoConfig;
import io.ruido.gateway.Gateway;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/** Servers and a gateway on free ports, in a temporary folder that goes with them, also on Ctrl-C. */
final class BenchServers implements AutoCloseable {
    private final Path folder;
    private final Servers servers;
    private final Gateway gateway;
    private final RuidoConfig config;
    private final AtomicBoolean closed = new AtomicBoolean();

    private BenchServers(Path folder, Servers servers, Gateway gateway, RuidoConfig config) {
        this.folder = folder;
        this.servers = servers;
        this.gateway = gateway;
        this.config = config;
    }

    static BenchServers start(Path models) throws IOException, TimeoutException {
        Path folder = Files.createTempDirectory("ruido-bench");
        // Nothing from the environment or a file: a benchmark must never write to somebody's servers.
        Settings settings = new Settings(
                Map.of(
                        "ruido.data-dir", folder.toString(),
                        "ruido.gateway.port", "0",
                        "ruido.worker.models", models.toString()),
                Map.of(),
                Optional.empty());
        Servers servers = Servers.start(settings.load());
        RuidoConfig config = settings.with(servers.addresses()).load();
        BenchServers started = new BenchServers(folder, servers, Gateway.start(config), config);
        Runtime.getRuntime().addShutdownHook(new Thread(started::close, "clean up"));
        return started;
    }

    RuidoConfig config() {
        return config;
    }

    int gatewayPort() {
        return gateway.port();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            gateway.close();
            servers.close();
            delete(folder);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the temporary folder " + folder + " could not be deleted", e);
        }
    }
}
