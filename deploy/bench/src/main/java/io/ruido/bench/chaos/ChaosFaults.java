package io.ruido.bench.chaos;

import io.ruido.bench.chaos.ChaosProcess.StopMode;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Stops parts of a cluster, sometimes several at once, and restarts them. */
final class ChaosFaults implements AutoCloseable {
    private static final int AWAY_AT_MOST_MILLIS = 3_000;

    private final ChaosCluster cluster;
    private final long begin = System.nanoTime();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Queue<String> timeline = new ConcurrentLinkedQueue<>();

    ChaosFaults(ChaosCluster cluster) {
        this.cluster = cluster;
    }

    /** Stops a random part now. */
    void add(Random random) {
        ChaosProcess part = part(random);
        add(part, stopMode(part, random), Duration.ofMillis(random.nextInt(AWAY_AT_MOST_MILLIS)));
    }

    private ChaosProcess part(Random random) {
        return switch (random.nextInt(10)) {
            case 0 -> cluster.kafka();
            case 1 -> cluster.redis();
            case 2 -> cluster.s3();
            case 3, 4 -> oneOf(cluster.gateways(), random);
            default -> oneOf(cluster.workers(), random);
        };
    }

    private static ChaosProcess oneOf(List<ChaosProcess> parts, Random random) {
        return parts.get(random.nextInt(parts.size()));
    }

    private StopMode stopMode(ChaosProcess part, Random random) {
        // Writes that a killed Redis loses because of its settings are not a fault of Ruido.
        return part != cluster.redis() && random.nextBoolean() ? StopMode.KILLED : StopMode.TERMINATED;
    }

    /** Stops a part now, unless it is being restarted. */
    void add(ChaosProcess part, StopMode mode, Duration away) {
        threads.execute(() -> {
            long at = System.nanoTime();
            try {
                if (part.restart(mode, away)) {
                    timeline.add("%7.1f s  %-10s %-8s started again after %.1f s"
                            .formatted(seconds(at - begin), part.name(), mode.label, seconds(System.nanoTime() - at)));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }

    /** Returns the faults so far. */
    List<String> timeline() {
        return timeline.stream().sorted().toList();
    }

    /** Waits until everything is restarted. */
    @Override
    public void close() {
        threads.close();
    }
}
