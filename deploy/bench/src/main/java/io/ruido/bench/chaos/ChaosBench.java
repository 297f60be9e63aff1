package io.ruido.bench.chaos;

import io.ruido.bench.QueueBench;
import io.ruido.bench.TemporaryFolder;
import io.ruido.bench.chaos.ChaosFindings.Kind;
import io.ruido.job.JobState;
import io.ruido.standalone.Bars;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "chaos",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        description = "Runs many short jobs on servers, gateways and workers of its own, which are killed and"
                + " restarted at random. Checks that no job is lost or done twice, and that every image is the one"
                + " of its seed; fails otherwise.")
public final class ChaosBench implements Callable<Integer> {
    /** Longer than the delay of a job whose record Kafka has lost. */
    private static final Duration TIMEOUT = Duration.ofMinutes(6);

    private static final int SHOWN = 10;

    @Option(names = "--jobs", paramLabel = "N", description = "How many jobs.", defaultValue = "10000")
    private int jobs;

    @Option(
            names = "--minutes",
            paramLabel = "N",
            description = "Minutes after which no more jobs are submitted.",
            defaultValue = "15")
    private int minutes;

    @Option(names = "--workers", paramLabel = "N", description = "How many workers.", defaultValue = "3")
    private int workers;

    @Option(
            names = "--every",
            paramLabel = "N",
            description = "Average number of jobs between two faults.",
            defaultValue = "200")
    private int every;

    @Option(names = "--seed", paramLabel = "N", description = "The same seed gives the same jobs and faults.")
    private long seed = System.currentTimeMillis();

    @Option(
            names = "--models",
            paramLabel = "FOLDER",
            description = "Folder with one diffusers folder for each model; the bundled models when absent.")
    private Path models;

    @Override
    public Integer call() throws Exception {
        TemporaryFolder folder = TemporaryFolder.create("ruido-chaos");
        Map<String, String> settings = Map.of(
                "ruido.worker.models",
                (models == null ? QueueBench.bundled() : models)
                        .toAbsolutePath()
                        .toString());
        ChaosCluster cluster = new ChaosCluster(folder.path(), workers, settings);
        Thread cleanUp = new Thread(() -> {
            cluster.close();
            folder.close();
        });
        Runtime.getRuntime().addShutdownHook(cleanUp);
        ChaosFindings findings = new ChaosFindings();
        boolean passed = false;
        try (ChaosClient client = new ChaosClient(cluster.addresses(), TIMEOUT)) {
            cluster.start();
            run(cluster, client, findings);
            passed = findings.none();
        } finally {
            cluster.close();
            if (passed) {
                folder.close();
            } else {
                Runtime.getRuntime().removeShutdownHook(cleanUp);
                System.out.println("logs and data: " + folder.path());
            }
        }
        return passed ? 0 : 1;
    }

    private void run(ChaosCluster cluster, ChaosClient client, ChaosFindings findings) throws Exception {
        System.out.printf("%d jobs, seed %d, %d workers%n", jobs, seed, workers);
        ChaosJobs all = ChaosJobs.begin(client, findings, seed);
        long begin = System.nanoTime();
        long end = begin + Duration.ofMinutes(minutes).toNanos();
        ChaosFaults faults = new ChaosFaults(cluster);
        Random random = new Random(seed);
        try (ProgressBar bar = Bars.of("jobs", jobs)) {
            for (int number = 0; number < jobs && System.nanoTime() < end; number++) {
                all.submit(number, bar::step);
                if (random.nextInt(every) == 0) {
                    faults.add(random);
                }
            }
            faults.close();
            all.await(TIMEOUT);
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        Map<JobState, Integer> states = new ChaosRecord(client, findings).check(all.orders());
        System.out.println("\nfaults");
        faults.timeline().forEach(System.out::println);
        System.out.printf(
                "%n%d jobs accepted in %.0f s, %d requests and connections made again: %s%n",
                all.orders().size(), seconds, client.madeAgain(), states);
        for (Kind kind : Kind.values()) {
            List<String> found = findings.of(kind);
            System.out.printf("%6d %s%n", found.size(), kind.label);
            found.stream().limit(SHOWN).forEach(one -> System.out.println("         " + one));
        }
    }
}
