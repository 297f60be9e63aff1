package io.ruido.train.optimization;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.data.Seeds;
import io.ruido.train.recipe.Optimization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs one stage from its start, or from its newest checkpoint, to its last step. */
public final class TrainingRun {
    private static final Logger log = LoggerFactory.getLogger(TrainingRun.class);

    private final Stage stage;
    private final Optimization optimization;
    private final Path folder;
    private final long seed;
    private final BooleanSupplier stopping;
    private final Metrics metrics;

    /**
     * @param folder for checkpoints, metrics and samples
     * @param stopping asked after every step; the run then ends with a checkpoint
     */
    public TrainingRun(Stage stage, Path folder, long seed, BooleanSupplier stopping) {
        this.stage = stage;
        this.optimization = stage.optimization();
        this.folder = folder;
        this.seed = seed;
        this.stopping = stopping;
        List<String> others = stage.updates().stream().skip(1).map(Update::name).toList();
        this.metrics = new Metrics(folder, stage.name(), others);
    }

    /**
     * Trains, with metrics, samples, checkpoints and exports on the way.
     *
     * @param resume continues from the newest checkpoint, if there is one
     * @param start weights to start from instead of random ones, if no checkpoint is resumed
     * @param export the model's folder
     * @return false when it was asked to stop before its last step
     * @throws IllegalStateException when the loss is no longer finite; the newest checkpoint is then from before
     */
    public boolean run(boolean resume, Optional<Path> start, Path export) throws IOException {
        Files.createDirectories(folder);
        Optional<Checkpoint> checkpoint = resume ? Checkpoint.latest(folder) : Optional.empty();
        Checkpoint.State from = checkpoint.map(Checkpoint::state).orElse(new Checkpoint.State(0, 0));
        metrics.truncate(from.step());
        try (NDManager manager = Torch.newManager()) {
            Map<String, Map<String, NDArray>> parts = build(stage, manager, seed, checkpoint, start);
            List<Optimizer> optimizers = stage.updates().stream()
                    .map(update -> new Optimizer(update, new AdamW(manager, parts, update.trains())))
                    .toList();
            optimizers.forEach(
                    o -> log.info("{}: {} weights, from step {}", o.update.name(), o.adamW.size(), from.step()));
            double peak = Work.peak(stage.precision().type());
            log.info("{}: matrix products run at {} GFLOP/s", stage.name(), Math.round(peak / 1e9));
            var progress = new Progress(stage.name(), metrics, optimization, peak, from.seconds());
            for (int step = from.step(); step < optimization.steps(); step++) {
                progress.begin();
                train(manager, optimizers, step, progress);
                boolean stop = stopping.getAsBoolean();
                try {
                    write(manager, step + 1, progress, parts, stop, export);
                } catch (IOException e) {
                    throw new IOException(
                            "%s: stopped after step %d: cannot write a file: %s; free some space and continue with --resume from the newest checkpoint in %s"
                                    .formatted(stage.name(), step + 1, e.getMessage(), folder),
                            e);
                }
                if (stop) {
                    log.info("{}: stopped after step {}; continue with --resume", stage.name(), step + 1);
                    return false;
                }
            }
        }
        return true;
    }

    private void write(
            NDManager manager,
            int done,
            Progress progress,
            Map<String, Map<String, NDArray>> parts,
            boolean stop,
            Path export)
            throws IOException {
        progress.report(done);
        if (stop || isDue(done, optimization.checkpointEvery())) {
            Checkpoint.write(folder, new Checkpoint.State(done, progress.seconds()), parts);
            metrics.plot();
        }
        boolean last =
                done == optimization.steps(); // the export must be there, whether or not it is told to stop just then
        if ((!stop || last) && isDue(done, optimization.evaluateEvery())) {
            evaluate(manager, done, export);
        }
    }

    private boolean isDue(int done, int every) {
        return done % every == 0 || done == optimization.steps();
    }

    /**
     * Weights, averages and moments by name: fresh ones, with the values of the checkpoint or the start if there is
     * one.
     */
    public static Map<String, Map<String, NDArray>> build(
            Stage stage, NDManager manager, long seed, Optional<Checkpoint> checkpoint, Optional<Path> start)
            throws IOException {
        Weights weights = Weights.fresh(manager, seed), averages = Weights.fresh(manager, seed);
        stage.build(weights, averages);
        Map<String, Map<String, NDArray>> parts = new LinkedHashMap<>();
        parts.put(Checkpoint.WEIGHTS, weights.tensors());
        parts.put(Checkpoint.AVERAGES, averages.tensors());
        parts.put(Checkpoint.EXP_AVG, zeros(manager, weights.tensors()));
        parts.put(Checkpoint.EXP_AVG_SQ, zeros(manager, weights.tensors()));
        if (checkpoint.isPresent()) {
            checkpoint.get().copyTo(parts);
        } else if (start.isPresent()) {
            for (Weights each : List.of(weights, averages)) {
                Map<String, NDArray> tensors = new LinkedHashMap<>(each.tensors());
                tensors.keySet().removeIf(name -> !stage.exports(name));
                Checkpoint.copy(start.get(), tensors);
            }
        }
        return parts;
    }

    private static Map<String, NDArray> zeros(NDManager manager, Map<String, NDArray> like) {
        Map<String, NDArray> zeros = new LinkedHashMap<>();
        like.forEach((name, tensor) -> zeros.put(name, manager.zeros(tensor.getShape())));
        return zeros;
    }

    private record Optimizer(Update update, AdamW adamW) {}

    private void train(NDManager manager, List<Optimizer> optimizers, int step, Progress progress) {
        try (NDManager scratch = manager.newSubManager();
                GradientCollector _ = Engine.getEngine("PyTorch").newGradientCollector()) {
            double[] losses = new double[optimizers.size()], norms = new double[optimizers.size()];
            for (int i = 0; i < losses.length; i++) {
                Update update = optimizers.get(i).update;
                NDArray loss = update.loss().of(scratch, step, Seeds.of(seed + i, step));
                losses[i] = loss.getFloat();
                requireFinite(update, "the loss", losses[i], step);
                norms[i] = optimizers.get(i).adamW.update(loss, update.optimization(), step);
                requireFinite(update, "the norm of the gradients", norms[i], step);
            }
            progress.end(losses, norms[0], stage.batchAt(step), stage.workAt(step));
        }
    }

    private void requireFinite(Update update, String what, double value, int step) {
        if (!Double.isFinite(value)) {
            throw new IllegalStateException("%s: %s is %s at step %d; lower the learning rate and continue from %s"
                    .formatted(update.name(), what, value, step + 1, folder));
        }
    }

    private void evaluate(NDManager manager, int done, Path export) throws IOException {
        Path samples = Files.createDirectories(folder.resolve("samples"));
        try (NDManager scratch = manager.newSubManager()) {
            Map<String, Double> measures = stage.evaluate(scratch, samples.resolve("%08d.png".formatted(done)));
            if (!measures.isEmpty()) {
                metrics.append(done, measures);
                log.info("{} {}: {}", stage.name(), done, measures);
            }
            stage.export(scratch, export);
        }
    }
}
