package io.ruido.standalone;

import io.ruido.config.RuidoConfig;
import io.ruido.config.RuidoConfig.S3Config;
import io.ruido.embedded.EmbeddedKafka;
import io.ruido.embedded.EmbeddedRedis;
import io.ruido.embedded.EmbeddedS3;
import io.ruido.embedded.FolderLock;
import io.ruido.embedded.PrivateFolder;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The embedded servers of this process: those for which the settings have no address. Their data is in one folder. */
public final class Servers implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Servers.class);

    private static final String ADDRESSES = "running.properties";

    private final Deque<AutoCloseable> running = new ConcurrentLinkedDeque<>();
    private final Map<String, String> addresses = new ConcurrentHashMap<>();

    private Servers() {}

    /**
     * Returns settings with the addresses of the servers of a running Ruido that uses this data.
     *
     * @throws IOException when none does
     */
    public static Map<String, String> running(Path dataDir) throws IOException {
        Path file = dataDir.toAbsolutePath().resolve(ADDRESSES);
        if (Files.notExists(file)) {
            throw new IOException("no Ruido is running with the data in " + dataDir
                    + ": start one with ./ruido up, or set ruido.kafka.bootstrap-servers and ruido.redis.uri");
        }
        Properties addresses = new Properties();
        try (Reader in = Files.newBufferedReader(file)) {
            addresses.load(in);
        }
        return addresses.stringPropertyNames().stream().collect(Collectors.toMap(name -> name, addresses::getProperty));
    }

    /** Writes the addresses of the servers to a file, which is deleted when they stop. */
    private void tell(Path file) {
        Properties told = new Properties();
        told.putAll(addresses);
        StringWriter text = new StringWriter();
        try {
            told.store(text, "where the running servers are, and their passwords");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
        PrivateFolder.write(file, text.toString());
        running.push(() -> Files.deleteIfExists(file));
    }

    /**
     * Starts the servers concurrently, and returns when all of them accept requests.
     *
     * @throws IllegalStateException when the data folder is in use, or a server does not start
     */
    public static Servers start(RuidoConfig config) {
        Path folder = config.dataDir().toAbsolutePath();
        Servers servers = new Servers();
        servers.running.push(FolderLock.acquire(folder));
        List<Runnable> starts = new ArrayList<>();
        if (config.kafka().bootstrapServers().isEmpty()) {
            starts.add(() -> servers.run(
                    "Kafka",
                    () -> EmbeddedKafka.start(
                            folder.resolve("kafka"), config.standalone().kafkaPort()),
                    EmbeddedKafka::settings));
        }
        if (config.redis().uri().isEmpty()) {
            starts.add(() -> servers.run(
                    "Redis",
                    () -> EmbeddedRedis.start(
                            folder.resolve("redis"), config.standalone().redisPort()),
                    EmbeddedRedis::settings));
        }
        if (config.s3().endpoint().isEmpty()) {
            starts.add(() -> servers.run("S3", () -> s3(folder.resolve("s3"), config), EmbeddedS3::settings));
        }
        try {
            Parallel.run(starts);
            servers.tell(folder.resolve(ADDRESSES));
            return servers;
        } catch (RuntimeException e) {
            servers.close();
            throw e;
        }
    }

    /** Returns settings with the addresses of the started servers. */
    public Map<String, String> addresses() {
        return Map.copyOf(addresses);
    }

    @Override
    public void close() {
        for (AutoCloseable server; (server = running.poll()) != null; ) {
            try {
                server.close();
            } catch (Exception e) {
                log.warn("{} failed to stop", server, e);
            }
        }
    }

    private static EmbeddedS3 s3(Path folder, RuidoConfig config) {
        S3Config s3 = config.s3();
        int port = config.standalone().s3Port();
        return s3.secretKey()
                .map(secretKey -> EmbeddedS3.start(folder, port, s3.accessKey().orElse("ruido"), secretKey))
                .orElseGet(() -> EmbeddedS3.start(folder, port));
    }

    /** @param settings settings with which Ruido connects to the server; their passwords are never logged */
    private <S extends AutoCloseable> void run(
            String name, Supplier<S> start, Function<S, Map<String, String>> settings) {
        long begin = System.nanoTime();
        S server = start.get();
        running.push(server);
        addresses.putAll(settings.apply(server));
        log.info(
                "{} up in {} ms",
                name,
                Duration.ofNanos(System.nanoTime() - begin).toMillis());
    }
}
