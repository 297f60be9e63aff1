package io.ruido.bench.mixed;

import io.ruido.bench.BenchClient;
import io.ruido.bench.BenchServers;
import io.ruido.bench.Quantiles;
import io.ruido.bench.QueueBench;
import io.ruido.bench.mixed.MixedLoad.Arrival;
import io.ruido.config.RuidoConfig;
import io.ruido.job.ModelCard;
import io.ruido.job.SamplingParams;
import io.ruido.standalone.Bars;
import io.ruido.standalone.generate.ComputeOptions;
import io.ruido.worker.DirectWorker;
import io.ruido.worker.Worker;
import io.ruido.worker.models.Models;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "mixed",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        description = "Runs jobs of many kinds with the service, and makes the same images without it: one at a time,"
                + " in static batches, and with the service's own batching. All ways take turns, with one model in one"
                + " process.")
public final class MixedBench implements Callable<Integer> {
    private static final double ALL_AT_ONCE = Double.POSITIVE_INFINITY;
    private static final double LOAD = 0.8;
    private static final int CALLS = 9;
    private static final int MAX_IMAGES = 8;

    /** Spelled as on the command line. */
    public enum Way {
        service("the service"),
        bare("the same without the service"),
        serial("one at a time"),
        batches("static batches");

        private final String title;

        Way(String title) {
            this.title = title;
        }
    }

    @Option(names = "--warm-up", paramLabel = "N", description = "Jobs to warm up each way.", defaultValue = "24")
    private int warmUpJobs;

    @Option(
            names = "--at-once",
            paramLabel = "N",
            description = "Jobs of each way while throughput is measured.",
            defaultValue = "100")
    private int atOnce;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds in which all take turns.", defaultValue = "4")
    private int rounds;

    @Option(
            names = "--one-by-one",
            paramLabel = "N",
            description = "Jobs of each way while latency is measured.",
            defaultValue = "200")
    private int oneByOne;

    @Option(
            names = "--rate",
            paramLabel = "N",
            description = "Average number of jobs per second while latency is measured; four fifths of the service's"
                    + " measured throughput when absent.")
    private Double rate;

    @Option(
            names = "--ways",
            paramLabel = "WAY",
            split = ",",
            description = "Ways to compare with the service: ${COMPLETION-CANDIDATES}.",
            defaultValue = "service,bare,serial,batches")
    private Set<Way> ways;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of jobs and arrivals.", defaultValue = "1")
    private long seed;

    @Option(
            names = "--models",
            paramLabel = "FOLDER",
            description = "Folder with models, of which the first by name is used; the bundled one when absent.")
    private Path models;

    @Option(
            names = "--slots",
            paramLabel = "N",
            description = "Images denoised at a time; a worker's default when absent.")
    private Integer slots;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Torch's threads for one operation; one per core when absent.")
    private Integer threads;

    @Mixin
    private ComputeOptions compute;

    @Override
    public Integer call() throws Exception {
        if (atOnce == 0 && oneByOne > 0 && rate == null) {
            throw new IllegalArgumentException("--rate: must be given when throughput is not measured");
        }
        ways.add(Way.service);
        try (BenchServers servers = BenchServers.start(models == null ? QueueBench.bundled() : models, settings())) {
            RuidoConfig config = servers.config();
            Models read = Models.read(config.worker());
            try (Worker _ = Worker.start(config, read);
                    DirectWorker direct = new DirectWorker(read);
                    BenchClient client = new BenchClient(servers.gatewayPort(), 64)) {
                run(direct, new ServicePolicy(client), config.worker().slots());
            }
        }
        QueueBench.printMachine();
        return 0;
    }

    private Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>(compute.settings());
        if (slots != null) {
            settings.put("ruido.worker.slots", slots.toString());
        }
        if (threads != null) {
            settings.put("ruido.worker.threads", threads.toString());
        }
        return settings;
    }

    private void run(DirectWorker direct, ServicePolicy service, int slots) throws Exception {
        ModelCard card = direct.cards().getFirst();
        DirectPolicies without = new DirectPolicies(direct, slots);
        List<Arrival> warmUp =
                MixedLoad.of(card, warmUpJobs, ALL_AT_ONCE, seed + 1).arrivals();
        try (ProgressBar bar = Bars.of("Warming up", 2)) {
            service.run(warmUp);
            bar.step();
            without.continuously(warmUp);
            bar.step();
        }
        curve(direct, card.defaults());
        service.forget();

        Map<Way, Policy> all = new EnumMap<>(Way.class);
        all.put(Way.service, service);
        all.put(Way.bare, without::continuously);
        all.put(Way.serial, without::oneAtATime);
        all.put(Way.batches, without::staticBatches);
        all.keySet().retainAll(ways);
        double perSecond = 0;
        if (atOnce > 0) {
            perSecond = throughput(
                    all, MixedLoad.of(card, atOnce, ALL_AT_ONCE, seed).arrivals());
            service.printForecasts("Jobs at once");
        }
        if (oneByOne > 0) {
            all.keySet().retainAll(EnumSet.of(Way.service, Way.batches));
            double arrivals = rate == null ? LOAD * perSecond : rate;
            latency(all, MixedLoad.of(card, oneByOne, arrivals, seed).arrivals());
            service.printForecasts("Jobs one by one");
        }
    }

    private static void curve(DirectWorker direct, SamplingParams params) {
        System.out.printf("%nA call of the denoiser, %d × %d%n", params.width(), params.height());
        System.out.printf("  %-22s %9s %9s%n", "images", "ms", "ms each");
        for (int images = 1; images <= MAX_IMAGES; images *= 2) {
            int together = images;
            double millis = 1e3
                    * Quantiles.of(DoubleStream.generate(() -> direct.secondsPerCall(params, together))
                                    .limit(CALLS))
                            .median();
            System.out.printf("  %-22d %9.1f %9.1f%n", images, millis, millis / images);
        }
    }

    /** Returns how many jobs the service does in a second. */
    private double throughput(Map<Way, Policy> policies, List<Arrival> all) throws Exception {
        System.out.printf("%n%d jobs, %d at once: seconds for each round%n  %-30s", atOnce, atOnce / rounds, "round");
        IntStream.rangeClosed(1, rounds).forEach(round -> System.out.printf(" %7d", round));
        System.out.printf(" %9s %14s%n", "jobs/s", "of the service");
        Map<Way, double[]> seconds = new EnumMap<>(Way.class);
        policies.keySet().forEach(way -> seconds.put(way, new double[rounds]));
        try (ProgressBar bar = Bars.of("Jobs at once", (long) rounds * policies.size())) {
            for (int round = 0; round < rounds; round++) {
                List<Arrival> part = all.subList(atOnce * round / rounds, atOnce * (round + 1) / rounds);
                for (var policy : policies.entrySet()) {
                    seconds.get(policy.getKey())[round] =
                            Collections.max(policy.getValue().run(part));
                    bar.step();
                }
            }
        }
        double own = atOnce / DoubleStream.of(seconds.get(Way.service)).sum();
        seconds.forEach((way, times) -> {
            double rate = atOnce / DoubleStream.of(times).sum();
            System.out.printf("  %-30s", way.title);
            DoubleStream.of(times).forEach(time -> System.out.printf(" %7.2f", time));
            System.out.printf(" %9.2f %14.3f%n", rate, rate / own);
        });
        return own;
    }

    private void latency(Map<Way, Policy> policies, List<Arrival> all) throws Exception {
        System.out.printf(
                "%n%d jobs, one by one, in %.0f s%n", all.size(), all.getLast().seconds());
        System.out.printf("  %-30s %7s %7s%n", "seconds until the image", "p50", "p95");
        try (ProgressBar bar = Bars.of("Jobs one by one", policies.size())) {
            for (var policy : policies.entrySet()) {
                List<Double> ends = policy.getValue().run(all);
                Quantiles latency = Quantiles.of(IntStream.range(0, all.size())
                        .mapToDouble(i -> ends.get(i) - all.get(i).seconds()));
                bar.step();
                System.out.printf("  %-30s %7.2f %7.2f%n", policy.getKey().title, latency.median(), latency.at(0.95));
            }
        }
    }
}
