package io.ruido.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real Redis server as a child process, reachable from this machine only.
 *
 * <p>Its append-only file is written before a command is answered and synced every second, so what was answered
 * survives {@code kill -9} of this JVM, and a crash of the machine but for the last second. A small shell stands
 * between this JVM and Redis: it keeps a terminal's Ctrl-C from Redis, and stops Redis when this JVM closes it or is
 * gone. What was left running all the same is stopped by the next start.
 */
public final class EmbeddedRedis implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedRedis.class);
    private static final Duration LOADING = Duration.ofSeconds(60);
    private static final Duration STOPPING = Duration.ofSeconds(5);
    private static final int PORT_TRIES = 5;
    private static final String PID_FILE = "redis.pid";
    private static final String LOG_FILE = "redis.log";

    /** Runs its arguments in a process group of their own until they end or its standard input does. */
    private static final String GUARD = """
            set -m
            trap '' HUP INT TERM
            exec 3<&0
            "$@" </dev/null 3<&- &
            server=$!
            { read -r _ <&3; kill "$server"; } &
            wait "$server"
            status=$?
            kill -9 "$!"
            exit "$status"
            """;

    private final FolderLock lock;
    private final Process guard;
    private final int port;

    private EmbeddedRedis(FolderLock lock, Process guard, int port) {
        this.lock = lock;
        this.guard = guard;
        this.port = port;
    }

    /**
     * Starts the server and returns once it has loaded its data.
     *
     * @param folder where the data lives; created when absent, used by one server at a time
     * @param port port on the loopback address, or 0 for a free one
     * @throws IllegalStateException when the port is taken, the folder is in use, or this machine runs neither the
     *     bundled Redis nor one of its own
     */
    public static EmbeddedRedis start(Path folder, int port) {
        FolderLock lock = FolderLock.acquire(folder);
        try {
            stopLeftover(folder);
            String executable = RedisExecutable.find(folder);
            for (int attempt = 1; ; attempt++) {
                int chosen = port == 0 ? Loopback.freePort() : port;
                Process guard = launch(executable, folder, chosen);
                EmbeddedRedis redis = new EmbeddedRedis(lock, guard, chosen);
                if (redis.awaitReady(folder.resolve(PID_FILE))) {
                    return redis;
                }
                redis.stop();
                // A free port can be taken by somebody else before Redis binds it.
                if (port != 0 || attempt == PORT_TRIES) {
                    throw new IllegalStateException(
                            "Redis could not start on port " + chosen + ", see " + folder.resolve(LOG_FILE));
                }
            }
        } catch (IOException e) {
            lock.close();
            throw new UncheckedIOException("Redis folder " + folder, e);
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** The address clients connect to, as {@code redis://host:port}. */
    public String uri() {
        return "redis://" + Loopback.HOST + ":" + port;
    }

    /** Stops the server; the data stays in its folder. */
    @Override
    public void close() {
        stop();
        lock.close();
    }

    private void stop() {
        try {
            guard.getOutputStream().close();
        } catch (IOException e) {
            log.debug("Redis has gone already", e);
        }
        try {
            guard.onExit().orTimeout(STOPPING.toSeconds(), TimeUnit.SECONDS).join();
        } catch (CompletionException e) {
            log.warn("Redis did not stop within {} s, killing it", STOPPING.toSeconds());
            guard.descendants().forEach(ProcessHandle::destroyForcibly);
        }
    }

    private boolean awaitReady(Path pidFile) throws IOException {
        long deadline = System.nanoTime() + LOADING.toNanos();
        while (guard.isAlive() && System.nanoTime() < deadline) {
            if (Files.exists(pidFile)
                    && RedisProbe.serves(port, Files.readString(pidFile).strip())) {
                return true;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
        return false;
    }

    private static Process launch(String executable, Path folder, int port) throws IOException {
        List<String> command = new ArrayList<>(List.of("bash", "-c", GUARD, "redis-guard", executable));
        Map.of(
                        "port",
                        String.valueOf(port),
                        "bind",
                        Loopback.HOST,
                        "dir",
                        folder.toString(),
                        "pidfile",
                        folder.resolve(PID_FILE).toString(),
                        "logfile",
                        folder.resolve(LOG_FILE).toString(),
                        "save",
                        "",
                        "appendonly",
                        "yes",
                        "appendfsync",
                        "everysec")
                .forEach((name, value) -> command.addAll(List.of("--" + name, value)));
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static void stopLeftover(Path folder) throws IOException {
        Path pidFile = folder.resolve(PID_FILE);
        String pid = Files.exists(pidFile) ? Files.readString(pidFile).strip() : "";
        if (!pid.isEmpty()) {
            ProcessHandle.of(Long.parseLong(pid))
                    .filter(process -> process.info().command().orElse("").contains("redis-server"))
                    .ifPresent(process -> {
                        log.info("Stopping Redis {}, left over from an earlier run", pid);
                        process.destroy();
                        process.onExit()
                                .orTimeout(STOPPING.toSeconds(), TimeUnit.SECONDS)
                                .join();
                    });
        }
        Files.deleteIfExists(pidFile);
    }
}
