package io.ruido.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.bench.chaos.ChaosProcess.StopMode;
import io.ruido.job.JobState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./ruido bench chaos} in small: each server, a gateway and a worker are ended once, in a given order. */
@Timeout(600)
class ChaosTest {
    /** Models with random weights that make a step in milliseconds: one of pictures, one of clips. */
    private static final Map<String, Path> MODELS = Map.of(
            "tiny", Path.of("../../worker/src/test/resources/golden/pipeline"),
            "tiny-clips", Path.of("../../worker/src/test/resources/golden/wan-pipelines/text-2.1"));

    private static final int JOBS = 150;
    private static final long SEED = 7;
    private static final Duration AWAY = Duration.ofMillis(500);
    private static final Duration TIMEOUT = Duration.ofMinutes(4);

    @Test
    void noJobIsLostOrDoneTwiceWhateverEnds(@TempDir Path folder) throws Exception {
        Path models = Files.createDirectory(folder.resolve("models"));
        for (var model : MODELS.entrySet()) {
            Files.createSymbolicLink(
                    models.resolve(model.getKey()), model.getValue().toRealPath());
        }
        Map<String, String> settings = Map.of("ruido.worker.models", models.toString(), "ruido.jobs.lease", "PT3S");
        ChaosFindings findings = new ChaosFindings();
        Map<JobState, Integer> states;
        try (ChaosCluster cluster = new ChaosCluster(folder, 2, settings);
                ChaosClient client = new ChaosClient(cluster.addresses(), TIMEOUT)) {
            cluster.start();
            ChaosJobs jobs = ChaosJobs.begin(client, findings, SEED);
            ChaosFaults faults = new ChaosFaults(cluster);
            for (int number = 0; number < JOBS; number++) {
                switch (number) {
                    case 30 -> faults.add(cluster.workers().getFirst(), StopMode.KILLED, AWAY);
                    case 50 -> faults.add(cluster.redis(), StopMode.TERMINATED, AWAY);
                    case 70 -> faults.add(cluster.s3(), StopMode.KILLED, AWAY);
                    case 90 -> faults.add(cluster.kafka(), StopMode.KILLED, AWAY);
                    case 110 -> faults.add(cluster.gateways().getFirst(), StopMode.KILLED, AWAY);
                    case 130 -> faults.add(cluster.workers().getLast(), StopMode.TERMINATED, AWAY);
                    default -> {}
                }
                jobs.submit(number, () -> {});
            }
            faults.close();
            jobs.await(TIMEOUT);
            states = new ChaosRecord(client, findings).check(jobs.orders());
        }
        assertThat(findings.none()).as(findings.toString()).isTrue();
        assertThat(states.get(JobState.SUCCEEDED)).isGreaterThan(JOBS / 2);
    }
}
