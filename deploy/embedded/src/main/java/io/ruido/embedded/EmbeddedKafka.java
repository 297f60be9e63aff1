package io.ruido.embedded;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.server.SharedServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.raft.QuorumConfig;
import org.apache.kafka.server.fault.LoggingFaultHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real Kafka broker and its KRaft controller in this JVM, reachable only from this machine, with the password in its
 * folder.
 *
 * <p>The folder is formatted at the first start and keeps topics, records and share-group state from then on: after
 * {@link #close()}, after {@code kill -9}, and when the port has changed in between. Topics are never created by
 * producing to them. Settings favour a fast start and little memory over throughput; every topic has one replica.
 */
public final class EmbeddedKafka implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedKafka.class);
    private static final int NODE_ID = 1;
    private static final String USER = "ruido";
    private static final String MECHANISM = "PLAIN";

    /** Kafka writes it when it stops, and deletes it when it starts. */
    private static final String STOPPED_CLEANLY = ".kafka_cleanshutdown";

    private final Path folder;
    private final int port;
    private final ControllerServer controller;
    private final BrokerServer broker;

    private EmbeddedKafka(Path folder, int port, ControllerServer controller, BrokerServer broker) {
        this.folder = folder;
        this.port = port;
        this.controller = controller;
        this.broker = broker;
    }

    /**
     * Starts the broker and returns once it takes requests.
     *
     * @param folder where the data lives; created when absent, for its owner alone, used by one broker at a time
     * @param port port on the loopback address, or 0 for a free one
     * @throws IllegalStateException when the port is taken or the folder is in use
     */
    public static EmbeddedKafka start(Path folder, int port) {
        return start(folder, port, Map.of());
    }

    /**
     * Starts a broker like {@link #start(Path, int)}, with more settings.
     *
     * @param more settings of the broker, which override the others; the listener of clients is {@code CLIENT}
     */
    public static EmbeddedKafka start(Path folder, int port, Map<String, String> more) {
        ServerSocketChannel client = Loopback.bind("Kafka", port);
        ServerSocketChannel quorum = Loopback.bind("Kafka controller", 0);
        int clientPort = client.socket().getLocalPort();
        int quorumPort = quorum.socket().getLocalPort();
        Map<String, String> settings = new HashMap<>(brokerSettings(folder, clientPort, quorumPort));
        settings.putAll(more);
        KafkaConfig config = new KafkaConfig(settings);
        format(folder);
        var logDirs = KafkaRaftServer.initializeLogDirs(config, log, "");
        SharedServer shared = new SharedServer(
                config,
                logDirs._1(),
                Time.SYSTEM,
                new Metrics(),
                CompletableFuture.completedFuture(
                        QuorumConfig.parseVoterConnections(config.quorumConfig().voters())),
                List.of(),
                // Kafka's own handlers halt the whole JVM, which also runs other parts of Ruido.
                (name, fatal, action) -> new LoggingFaultHandler(name, action),
                (listener, address, backlog, receiveBuffer) -> address.getPort() == quorumPort ? quorum : client);
        EmbeddedKafka kafka = new EmbeddedKafka(
                folder,
                clientPort,
                new ControllerServer(shared, KafkaRaftServer.configSchema(), logDirs._2()),
                new BrokerServer(shared));
        try {
            kafka.controller.startup();
            kafka.broker.startup();
            return kafka;
        } catch (RuntimeException e) {
            kafka.close();
            throw new IllegalStateException("Kafka could not start in " + folder + ": " + e.getMessage(), e);
        }
    }

    /** Returns the address for clients, as {@code host:port}. */
    public String bootstrapServers() {
        return Loopback.HOST + ":" + port;
    }

    /** Returns the settings with which Ruido connects to this broker. */
    public Map<String, String> settings() {
        return settings(folder, port);
    }

    /** Returns the settings with which Ruido connects to the broker of this folder on this port. */
    public static Map<String, String> settings(Path folder, int port) {
        return Map.of(
                "ruido.kafka.bootstrap-servers",
                Loopback.HOST + ":" + port,
                "ruido.kafka.security-protocol",
                "SASL_PLAINTEXT",
                "ruido.kafka.sasl-mechanism",
                MECHANISM,
                "ruido.kafka.username",
                USER,
                "ruido.kafka.password",
                PrivateFolder.password(folder));
    }

    /** Returns the properties with which a Kafka client connects to this broker. */
    Map<String, Object> clientProperties() {
        return clientProperties(bootstrapServers(), folder);
    }

    static Map<String, Object> clientProperties(String bootstrapServers, Path folder) {
        return Map.of(
                "bootstrap.servers",
                bootstrapServers,
                "security.protocol",
                "SASL_PLAINTEXT",
                "sasl.mechanism",
                MECHANISM,
                "sasl.jaas.config",
                login(PrivateFolder.password(folder)));
    }

    private static String login(String password) {
        return "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\";"
                .formatted(USER, password);
    }

    /** Returns the login of a listener, which also contains the only user that it accepts. */
    private static String listenerLogin(String password) {
        return login(password).replace(";", " user_%s=\"%s\";".formatted(USER, password));
    }

    /** Stops the broker; the records stay in its folder. */
    @Override
    public void close() {
        broker.shutdown(Duration.ofSeconds(3));
        broker.awaitShutdown();
        controller.shutdown();
        controller.awaitShutdown();
    }

    private static Map<String, String> brokerSettings(Path folder, int clientPort, int quorumPort) {
        String login = listenerLogin(PrivateFolder.password(folder));
        String address = "CLIENT://" + Loopback.HOST + ":" + clientPort;
        return Map.ofEntries(
                Map.entry("process.roles", "broker,controller"),
                Map.entry("node.id", String.valueOf(NODE_ID)),
                Map.entry("log.dir", folder.toString()),
                Map.entry("listeners", address + ",CONTROLLER://" + Loopback.HOST + ":" + quorumPort),
                Map.entry("advertised.listeners", address),
                Map.entry("listener.security.protocol.map", "CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT"),
                Map.entry("sasl.enabled.mechanisms", MECHANISM),
                Map.entry("sasl.mechanism.inter.broker.protocol", MECHANISM),
                Map.entry("sasl.mechanism.controller.protocol", MECHANISM),
                Map.entry("listener.name.client.plain.sasl.jaas.config", login),
                Map.entry("listener.name.controller.plain.sasl.jaas.config", login),
                Map.entry("inter.broker.listener.name", "CLIENT"),
                Map.entry("controller.listener.names", "CONTROLLER"),
                // A static voter keeps the quorum's address out of the log, so the port may move between starts.
                Map.entry("controller.quorum.voters", NODE_ID + "@" + Loopback.HOST + ":" + quorumPort),
                // After a kill the controller refuses the new broker until the session of the old one has ended. At
                // other times a long session: on a busy machine the broker is sometimes late with its heartbeat.
                Map.entry("broker.session.timeout.ms", killed(folder) ? "2500" : "30000"),
                Map.entry("broker.heartbeat.interval.ms", "500"),
                Map.entry("auto.create.topics.enable", "false"),
                Map.entry("offsets.topic.replication.factor", "1"),
                Map.entry("offsets.topic.num.partitions", "1"),
                Map.entry("share.coordinator.state.topic.replication.factor", "1"),
                Map.entry("share.coordinator.state.topic.min.isr", "1"),
                Map.entry("share.coordinator.state.topic.num.partitions", "1"),
                Map.entry("transaction.state.log.replication.factor", "1"),
                Map.entry("transaction.state.log.min.isr", "1"),
                Map.entry("transaction.state.log.num.partitions", "1"),
                Map.entry("group.initial.rebalance.delay.ms", "0"),
                // Allows groups with short locks, for tests of redelivery; the default is Kafka's.
                Map.entry("group.share.min.record.lock.duration.ms", "1000"),
                // Members, which are the slots of all workers for a queue.
                Map.entry("group.share.max.size", "1000"),
                // A new consumer waits this long for its share of a topic that it is the first to read.
                Map.entry("group.share.min.heartbeat.interval.ms", "500"),
                Map.entry("group.share.heartbeat.interval.ms", "1000"),
                Map.entry("num.network.threads", "1"),
                Map.entry("num.io.threads", "2"),
                Map.entry("background.threads", "2"),
                Map.entry("log.cleaner.dedupe.buffer.size", "2097152"),
                Map.entry("log.index.size.max.bytes", "1048576"),
                Map.entry("metric.reporters", ""));
    }

    private static boolean formatted(Path folder) {
        return Files.exists(folder.resolve("meta.properties"));
    }

    private static boolean killed(Path folder) {
        return formatted(folder) && Files.notExists(folder.resolve(STOPPED_CLEANLY));
    }

    private static void format(Path folder) {
        if (formatted(folder)) {
            return;
        }
        var report = new ByteArrayOutputStream();
        try {
            Files.createDirectories(folder);
            new Formatter()
                    .setNodeId(NODE_ID)
                    .setClusterId(Uuid.randomUuid().toString())
                    .addDirectory(folder.toString())
                    .setMetadataLogDirectory(folder.toString())
                    .setControllerListenerName("CONTROLLER")
                    .setIgnoreFormatted(true)
                    .setPrintStream(new PrintStream(report, true, StandardCharsets.UTF_8))
                    .run();
        } catch (IOException e) {
            throw new UncheckedIOException("Kafka folder " + folder, e);
        } catch (Exception e) {
            throw new IllegalStateException("Kafka could not format " + folder + ": " + report, e);
        }
        log.info("Formatted a new Kafka folder at {}", folder);
    }
}
