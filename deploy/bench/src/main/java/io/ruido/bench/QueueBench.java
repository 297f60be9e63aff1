package io.ruido.bench;

import io.ruido.config.RuidoConfig;
import io.ruido.job.ModelCard;
import io.ruido.redis.ModelRegistry;
import io.ruido.redis.Redis;
import io.ruido.worker.Worker;
import io.ruido.worker.models.Models;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "queue",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        description = "Measures the queue, on servers of its own in a temporary folder: how soon an idle worker"
                + " starts a job, and how many jobs per second the gateway accepts, compared with what Kafka and Redis"
                + " accept without it.")
public final class QueueBench implements Callable<Integer> {
    /** Jobs and rounds that are not measured, while the JVM compiles the code. */
    private static final int WARM_UP_SINGLES = 200;

    private static final int WARM_UP_ROUNDS = 10;
    private static final Duration BETWEEN_SINGLES = Duration.ofMillis(200);

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds of accepting jobs.", defaultValue = "5")
    private int rounds;

    @Option(names = "--jobs", paramLabel = "N", description = "Jobs in a round.", defaultValue = "2000")
    private int jobs;

    @Option(names = "--concurrency", paramLabel = "N", description = "Jobs in flight at a time.", defaultValue = "32")
    private int concurrency;

    @Option(
            names = "--singles",
            paramLabel = "N",
            description = "Jobs for an idle worker, one at a time.",
            defaultValue = "50")
    private int singles;

    @Option(
            names = "--models",
            paramLabel = "FOLDER",
            description = "Folder with one diffusers folder for each model; the bundled models when absent.")
    private Path models;

    @Override
    public Integer call() throws Exception {
        try (BenchServers servers = BenchServers.start(models == null ? bundled() : models);
                BenchClient client = new BenchClient(servers.gatewayPort(), concurrency)) {
            RuidoConfig config = servers.config();
            try (Worker _ = Worker.start(config, Models.read(config.worker()))) {
                firstStep(new FirstStepBench(client));
            }
            try (AcceptanceBench bench = new AcceptanceBench(config, client, card(config), concurrency)) {
                acceptance(bench);
            }
        }
        printMachine();
        return 0;
    }

    public static void printMachine() {
        System.out.printf(
                "%nmachine: %d cores, load %.1f; %s %s%n",
                Runtime.getRuntime().availableProcessors(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                System.getProperty("java.vm.name"),
                System.getProperty("java.vm.version"));
    }

    private void firstStep(FirstStepBench bench) throws Exception {
        if (singles == 0) {
            return;
        }
        List<FirstStepBench.Times> measured = new ArrayList<>();
        for (int i = 0; i < WARM_UP_SINGLES; i++) {
            bench.measure();
        }
        for (int i = 0; i < singles; i++) {
            Thread.sleep(BETWEEN_SINGLES);
            measured.add(bench.measure());
        }
        System.out.printf("%nAn idle worker gets %d jobs, one at a time%n", singles);
        System.out.printf("%-48s %7s %7s%n", "ms from sending the request until", "p50", "p95");
        row("the client has 202", measured, FirstStepBench.Times::accepted);
        row("the prompt stage begins", measured, FirstStepBench.Times::encoding);
        row("sampling begins (goal: p50 at most 25)", measured, FirstStepBench.Times::sampling);
        row("the first step is made", measured, FirstStepBench.Times::firstStep);
        row("the first step is at a WebSocket client", measured, FirstStepBench.Times::delivered);
        double step = quantiles(measured, FirstStepBench.Times::step).median();
        System.out.printf(
                "A step of the denoiser takes %.1f ms: %.0f %% of the time until the client has the first.%n",
                step,
                100
                        * step
                        / quantiles(measured, FirstStepBench.Times::delivered).median());
    }

    private void acceptance(AcceptanceBench bench) throws Exception {
        for (int round = 1; round <= WARM_UP_ROUNDS; round++) {
            bench.round(jobs);
        }
        System.out.printf("%nAccepted jobs/s, %d a round, %d at a time%n", jobs, concurrency);
        System.out.printf("%-8s %9s %9s %7s%n", "round", "gateway", "bare", "ratio");
        List<Double> ratios = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            AcceptanceBench.Rates rates = bench.round(jobs);
            ratios.add(rates.ratio());
            System.out.printf("%-8d %9.0f %9.0f %7.2f%n", round, rates.gateway(), rates.bare(), rates.ratio());
        }
        if (!ratios.isEmpty()) {
            Quantiles all = Quantiles.of(ratios.stream().mapToDouble(Double::doubleValue));
            System.out.printf(
                    "ratio: median %.2f, from %.2f to %.2f (goal: at least 0.60)%n",
                    all.median(), all.at(0), all.at(1));
        }
    }

    private static void row(
            String until, List<FirstStepBench.Times> measured, ToDoubleFunction<FirstStepBench.Times> time) {
        Quantiles all = quantiles(measured, time);
        System.out.printf("  %-46s %7.1f %7.1f%n", until, all.median(), all.at(0.95));
    }

    private static Quantiles quantiles(
            List<FirstStepBench.Times> measured, ToDoubleFunction<FirstStepBench.Times> time) {
        return Quantiles.of(measured.stream().mapToDouble(time));
    }

    private static ModelCard card(RuidoConfig config) throws Exception {
        try (Redis redis = Redis.connect(config.redis())) {
            return new ModelRegistry(redis)
                    .list()
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS)
                    .getFirst();
        }
    }

    /** Returns the folder of the bundled models, or the tests' tiny model if there are none. */
    public static Path bundled() throws IOException {
        Path models = RuidoConfig.load(Map.of(), System.getenv(), Optional.empty())
                .worker()
                .models();
        try (var folders = Files.list(models)) {
            boolean any = folders.anyMatch(folder -> Files.exists(folder.resolve("model_index.json")));
            return any ? models : models.resolveSibling("worker/src/test/resources/golden");
        }
    }
}
