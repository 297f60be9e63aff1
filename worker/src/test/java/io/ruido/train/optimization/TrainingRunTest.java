package io.ruido.train.optimization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.Samples;
import io.ruido.train.recipe.AdversaryConfig;
import io.ruido.train.recipe.Optimization;
import io.ruido.train.recipe.TrainConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingRunTest {
    private static final int STEPS = 6;

    @TempDir
    Path folder;

    private static int threads;

    /** Several threads may add up the same numbers in another order. */
    @BeforeAll
    static void useOneThread() {
        threads = Torch.threads();
        Torch.setThreads(1);
    }

    @AfterAll
    static void restoreThreads() {
        Torch.setThreads(threads);
    }

    @Test
    void aStoppedAndResumedRunHasTheLossesOfAnUninterruptedOne() throws IOException {
        var whole = new Recorded(Samples.autoencoder(STEPS));
        var stopped = new Recorded(Samples.autoencoder(STEPS));
        var resumed = new Recorded(Samples.autoencoder(STEPS));

        assertThat(run(whole, "whole", false)).isTrue();
        assertThat(new TrainingRun(stopped, folder.resolve("parts"), 1, () -> stopped.losses.size() == 4)
                        .run(false, Optional.empty(), folder.resolve("export")))
                .isFalse();
        assertThat(run(resumed, "parts", true)).isTrue();

        assertThat(stopped.losses).hasSize(4);
        stopped.losses.addAll(resumed.losses);
        assertThat(stopped.losses).isEqualTo(whole.losses);
        assertThat(folder.resolve("whole/checkpoint-00000006/averages.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("parts/checkpoint-00000006/averages.safetensors"));
    }

    @Test
    void aDiscriminatorIsTrainedAndResumedButNotExported() throws Exception {
        var adversarial = new TrainConfig.Adversarial(0.5, 0.5, new AdversaryConfig(List.of(4, 8), 2e-3, 0.1, 0.1));
        var whole = new Recorded(Samples.autoencoder(STEPS, adversarial));
        var stopped = new Recorded(Samples.autoencoder(STEPS, adversarial));
        var resumed = new Recorded(Samples.autoencoder(STEPS, adversarial));

        run(whole, "whole", false);
        new TrainingRun(stopped, folder.resolve("parts"), 1, () -> stopped.losses.size() == 4)
                .run(false, Optional.empty(), folder.resolve("export"));
        run(resumed, "parts", true);

        stopped.losses.addAll(resumed.losses);
        assertThat(stopped.losses).isEqualTo(whole.losses);
        for (String part : List.of("weights", "averages", "exp_avg", "exp_avg_sq")) {
            assertThat(folder.resolve("whole/checkpoint-00000006/%s.safetensors".formatted(part)))
                    .hasSameBinaryContentAs(folder.resolve("parts/checkpoint-00000006/%s.safetensors".formatted(part)));
        }
        assertThat(folder.resolve("whole/metrics.csv")).content().contains(",discriminator_loss");
        assertThat(SafeTensors.list(folder.resolve("export/vae")).keySet())
                .isNotEmpty()
                .noneMatch(name -> name.startsWith("discriminator"));
    }

    @Test
    void aLossThatIsNoNumberEndsTheRunAndLeavesTheLastCheckpoint() throws IOException {
        var broken = new Recorded(Samples.autoencoder(STEPS));
        broken.breaksAt = 5;

        assertThatIllegalStateException()
                .isThrownBy(() -> run(broken, "broken", false))
                .withMessageContaining("the loss is NaN at step 6");

        var resumed = new Recorded(Samples.autoencoder(STEPS));
        assertThat(run(resumed, "broken", true)).isTrue();
        assertThat(resumed.losses).hasSize(2).allSatisfy(loss -> assertThat(loss)
                .isFinite());
    }

    @Test
    void aDiscriminatorsLossThatIsNoNumberEndsTheRunToo() throws IOException {
        var adversarial = new TrainConfig.Adversarial(0.5, 0.5, new AdversaryConfig(List.of(4, 8), 1e-3, 0.1, 0.1));
        var broken = new Recorded(Samples.autoencoder(STEPS, adversarial));
        broken.discriminatorBreaksAt = 3;

        assertThatIllegalStateException()
                .isThrownBy(() -> run(broken, "broken", false))
                .withMessageContaining("discriminator: the loss is NaN at step 4");
    }

    @Test
    void aFullDiskEndsTheRunAndLeavesTheLastCheckpoint() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        assumeTrue(
                command("mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk.toString()), "cannot mount a tmpfs");
        try {
            var run = new TrainingRun(Samples.autoencoder(STEPS), disk, 1, () -> false);
            assertThatIOException()
                    .isThrownBy(() -> run.run(false, Optional.empty(), folder.resolve("export")))
                    .withMessageContaining("No space left on device")
                    .withMessageContaining("--resume");

            assertThat(Checkpoint.latest(disk)).isPresent();
            assertThat(command("mount", "-o", "remount,size=10m", disk.toString()))
                    .isTrue();
            assertThat(new TrainingRun(Samples.autoencoder(STEPS), disk, 1, () -> false)
                            .run(true, Optional.empty(), folder.resolve("export")))
                    .isTrue();
        } finally {
            command("umount", "-l", disk.toString()); // lazily: a checkpoint that was read stays mapped for a while
        }
    }

    private static boolean command(String... words) throws IOException, InterruptedException {
        return new ProcessBuilder(words).redirectErrorStream(true).start().waitFor() == 0;
    }

    @Test
    void aFinishedRunIsNotTrainedAgain() throws IOException {
        run(new Recorded(Samples.autoencoder(STEPS)), "run", false);
        var again = new Recorded(Samples.autoencoder(STEPS));

        assertThat(run(again, "run", true)).isTrue();

        assertThat(again.losses).isEmpty();
    }

    @Test
    void aStageThatMeasuresNothingCanBeResumed() throws IOException {
        var drawn = new Recorded(Samples.autoencoder(STEPS));
        drawn.measures = false;
        run(drawn, "run", false);

        assertThat(run(drawn, "run", true)).isTrue();
    }

    private boolean run(Stage stage, String name, boolean resume) throws IOException {
        return new TrainingRun(stage, folder.resolve(name), 1, () -> false)
                .run(resume, Optional.empty(), folder.resolve("export"));
    }

    /** A stage that remembers its losses. */
    private static final class Recorded implements Stage {
        private final Stage stage;
        private final List<Float> losses = new ArrayList<>();
        private int breaksAt = -1;
        private int discriminatorBreaksAt = -1;
        private boolean measures = true;

        private Recorded(Stage stage) {
            this.stage = stage;
        }

        @Override
        public String name() {
            return stage.name();
        }

        @Override
        public Optimization optimization() {
            return stage.optimization();
        }

        @Override
        public TrainConfig.Precision precision() {
            return stage.precision();
        }

        @Override
        public double workAt(int step) {
            return stage.workAt(step);
        }

        @Override
        public void build(Weights weights, Weights averages) {
            stage.build(weights, averages);
        }

        @Override
        public boolean trains(String name) {
            return stage.trains(name);
        }

        @Override
        public List<Update> updates() {
            List<Update> updates = new ArrayList<>(stage.updates());
            Update own = updates.getFirst();
            updates.set(0, new Update(own.name(), own.trains(), own.optimization(), this::loss));
            updates.replaceAll(update -> update.name().equals("discriminator") ? broken(update) : update);
            return updates;
        }

        private Update broken(Update update) {
            return new Update(update.name(), update.trains(), update.optimization(), (scratch, step, random) -> {
                NDArray loss = update.loss().of(scratch, step, random);
                return step == discriminatorBreaksAt ? loss.mul(Float.NaN) : loss;
            });
        }

        @Override
        public boolean exports(String name) {
            return stage.exports(name);
        }

        @Override
        public int batchAt(int step) {
            return stage.batchAt(step);
        }

        @Override
        public NDArray loss(NDManager scratch, int step, RandomGenerator random) {
            NDArray loss = stage.loss(scratch, step, random);
            losses.add(loss.getFloat());
            return step == breaksAt ? loss.mul(Float.NaN) : loss;
        }

        @Override
        public Map<String, Double> evaluate(NDManager scratch, Path grid) throws IOException {
            Map<String, Double> measured = stage.evaluate(scratch, grid);
            return measures ? measured : Map.of();
        }

        @Override
        public void export(NDManager scratch, Path folder) throws IOException {
            stage.export(scratch, folder);
        }
    }
}
