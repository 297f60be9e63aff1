package io.ruido.bench.watch;

import io.ruido.bench.BenchClient;
import io.ruido.bench.BenchServers;
import io.ruido.bench.QueueBench;
import io.ruido.bench.Stopwatch;
import io.ruido.config.RuidoConfig;
import io.ruido.redis.JobStore;
import io.ruido.redis.Redis;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "watch",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        description =
                "Measures how soon many WebSocket clients of one gateway learn of a step, and what memory each takes"
                        + " there. Servers and gateway are in a temporary folder, the clients in a process of their own; the"
                        + " workers are played.")
public final class WatchBench implements Callable<Integer> {
    private static final String MODEL = "watched";
    /** No worker runs. */
    private static final Path NO_MODELS = Path.of("none");

    private static final Duration WARM_UP = Duration.ofSeconds(5);

    /** The time to wait for the last events. */
    private static final Duration AFTERWARDS = Duration.ofSeconds(2);

    @Option(names = "--watchers", paramLabel = "N", description = "WebSocket clients.", defaultValue = "10000")
    private int watchers;

    @Option(names = "--jobs", paramLabel = "N", description = "Jobs that they watch.", defaultValue = "100")
    private int jobs;

    @Option(
            names = "--rates",
            paramLabel = "N",
            split = ",",
            description = "Steps per second of all jobs together; each rate is measured.",
            defaultValue = "50,100,200,300")
    private List<Integer> rates;

    @Option(names = "--seconds", paramLabel = "N", description = "Seconds for each rate.", defaultValue = "20")
    private int seconds;

    @Option(
            names = "--stalled",
            paramLabel = "N",
            description = "Number of clients that read nothing.",
            defaultValue = "100")
    private int stalled;

    @Override
    public Integer call() throws Exception {
        try (BenchServers servers = BenchServers.start(NO_MODELS);
                Redis redis = Redis.connect(servers.config().redis())) {
            ScriptedWorker.serve(redis, MODEL);
            List<String> watched = submit(servers.gatewayPort());
            RuidoConfig.JobsConfig config = servers.config().jobs();
            JobStore store = new JobStore(redis, config.lease(), config.retention());
            ScriptedWorker worker = new ScriptedWorker(
                    store, watched.stream().map(UUID::fromString).toList());
            try (WatcherProcess _ = WatcherProcess.start(servers.gatewayPort(), watchers / 10, 0, watched)) {
                worker.tell(rates.getLast(), WARM_UP);
            }
            Thread.sleep(AFTERWARDS);
            measure(worker, servers.gatewayPort(), watched);
        }
        QueueBench.printMachine();
        return 0;
    }

    private List<String> submit(int port) throws Exception {
        List<String> ids = new ArrayList<>();
        try (BenchClient client = new BenchClient(port, 1)) {
            for (int i = 0; i < jobs; i++) {
                ids.add(client.submit(BenchClient.submission("a red apple", 30))
                        .toCompletableFuture()
                        .get(60, TimeUnit.SECONDS));
            }
        }
        return ids;
    }

    private void measure(ScriptedWorker worker, int port, List<String> watched) throws Exception {
        Memory before = Memory.now();
        Stopwatch clock = new Stopwatch();
        try (WatcherProcess all = WatcherProcess.start(port, watchers, stalled, watched)) {
            System.out.printf(
                    "%n%d watchers of %d jobs, connected in %.1f s; %d of them do not read%n",
                    watchers, jobs, clock.now(), stalled);
            memory("before the first step", before);
            System.out.printf(
                    "%8s %11s %8s %8s %8s %9s%n", "steps/s", "messages/s", "p50 ms", "p99 ms", "max ms", "left out");
            for (int rate : rates) {
                measure(worker, all, rate);
            }
            memory("after the last", before);
        }
    }

    private void measure(ScriptedWorker worker, WatcherProcess all, int rate) throws Exception {
        worker.tell(rate, WARM_UP);
        Thread.sleep(AFTERWARDS);
        all.seen();
        int told = worker.tell(rate, Duration.ofSeconds(seconds));
        Thread.sleep(AFTERWARDS);
        Watchers.Seen seen = all.seen();
        long due = (long) told * (watchers - stalled) / jobs;
        System.out.printf(
                "%8d %11d %8.1f %8.1f %8.1f %9d%n",
                rate, seen.steps() / seconds, seen.p50(), seen.p99(), seen.max(), due - seen.steps());
    }

    private void memory(String when, Memory before) throws Exception {
        Memory more = Memory.now().minus(before);
        System.out.printf(
                "KiB a watcher takes %s: heap %.1f, process %.1f, in the kernel for both ends of TCP %.1f%n",
                when,
                (double) more.heap() / watchers,
                (double) more.resident() / watchers,
                (double) more.sockets() / watchers);
    }
}
