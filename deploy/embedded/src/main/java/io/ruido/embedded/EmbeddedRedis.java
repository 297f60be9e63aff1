package io.ruido.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real Redis server as a child process, reachable only from this machine, with the password in its folder. The user
 * may use data and scripts; commands that change the server, or read anything but data, are refused.
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
        umask 077
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

    private static final String NO_MAXIMUM = "0";

    /** One executable has several names; in Debian, redis-server is a link to redis-check-rdb. */
    private static final Pattern REDIS = Pattern.compile("(redis|valkey)-(server|check-rdb|check-aof)");

    private static final String USER = "ruido";

    private static final String USERS_FILE = "users.acl";

    /** INFO is needed to wait for the start, and contains no data. */
    private static final String RIGHTS = "~* &* +@all -@admin -@dangerous +info";

    private final FolderLock lock;
    private final Path folder;
    private final Process guard;
    private final int port;

    private EmbeddedRedis(FolderLock lock, Path folder, Process guard, int port) {
        this.lock = lock;
        this.folder = folder;
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
        return start(folder, port, NO_MAXIMUM);
    }

    /**
     * Starts the server like {@link #start(Path, int)}, with a limit.
     *
     * @param maxMemory memory after which it refuses to store more, such as {@code 100mb}; 0 for no limit
     */
    public static EmbeddedRedis start(Path folder, int port, String maxMemory) {
        FolderLock lock = FolderLock.acquire(folder);
        try {
            PrivateFolder.create(folder);
            stopLeftover(folder);
            String executable = RedisExecutable.find(folder);
            writeUsers(folder);
            for (int attempt = 1; ; attempt++) {
                int chosen = port == 0 ? Loopback.freePort() : port;
                Process guard = launch(executable, folder, chosen, maxMemory);
                EmbeddedRedis redis = new EmbeddedRedis(lock, folder, guard, chosen);
                if (redis.awaitReady(folder.resolve(PID_FILE))) {
                    return redis;
                }
                redis.stop();
                // Another process can bind a free port before Redis does.
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

    /** Returns the address for clients, as {@code redis://user:password@host:port}. */
    public String uri() {
        return uri(folder, port);
    }

    private static String uri(Path folder, int port) {
        return "redis://" + USER + ":" + PrivateFolder.password(folder) + "@" + Loopback.HOST + ":" + port;
    }

    /** Returns the settings with which Ruido connects to this server. */
    public Map<String, String> settings() {
        return settings(folder, port);
    }

    /** Returns the settings with which Ruido connects to the server of this folder on this port. */
    public static Map<String, String> settings(Path folder, int port) {
        return Map.of("ruido.redis.uri", uri(folder, port));
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
            log.debug("Redis has already exited", e);
        }
        try {
            guard.onExit().orTimeout(STOPPING.toSeconds(), TimeUnit.SECONDS).join();
        } catch (CompletionException e) {
            log.warn("Redis did not stop within {} s; killing it", STOPPING.toSeconds());
            guard.descendants().forEach(ProcessHandle::destroyForcibly);
        }
    }

    private boolean awaitReady(Path pidFile) throws IOException {
        long deadline = System.nanoTime() + LOADING.toNanos();
        while (guard.isAlive() && System.nanoTime() < deadline) {
            if (Files.exists(pidFile)
                    && RedisProbe.serves(
                            port,
                            USER,
                            PrivateFolder.password(folder),
                            Files.readString(pidFile).strip())) {
                return true;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
        return false;
    }

    private static Process launch(String executable, Path folder, int port, String maxMemory) throws IOException {
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
                        "maxmemory",
                        maxMemory,
                        "save",
                        "",
                        "appendonly",
                        "yes",
                        "appendfsync",
                        "everysec",
                        "aclfile",
                        folder.resolve(USERS_FILE).toString())
                .forEach((name, value) -> command.addAll(List.of("--" + name, value)));
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /**
     * Writes the file with the only user who can log in. The default user cannot, but has all rights: Redis 7 reads the
     * append-only file in its name, and without them would skip every transaction in it.
     */
    private static void writeUsers(Path folder) {
        String hash = sha256(PrivateFolder.password(folder));
        PrivateFolder.write(
                folder.resolve(USERS_FILE),
                "user default off resetpass ~* &* +@all\nuser %s on #%s %s\n".formatted(USER, hash, RIGHTS));
    }

    private static String sha256(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static void stopLeftover(Path folder) throws IOException {
        Path pidFile = folder.resolve(PID_FILE);
        String pid = Files.exists(pidFile) ? Files.readString(pidFile).strip() : "";
        if (!pid.isEmpty()) {
            ProcessHandle.of(Long.parseLong(pid))
                    .filter(process ->
                            REDIS.matcher(process.info().command().orElse("")).find())
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
