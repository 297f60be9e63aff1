package io.ruido.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Trains a model by a recipe: the autoencoder, then the denoiser. */
public final class Train {
    private Train() {}

    /**
     * Runs both stages; a signal that ends the process is answered with a checkpoint first.
     *
     * @see #run
     */
    public static void runUntilToldToStop(Path recipe, boolean resume, Optional<Path> from) throws IOException {
        AtomicBoolean stopping = new AtomicBoolean();
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            stopping.set(true);
            await(ended); // the step under way, and its checkpoint
        }));
        try {
            run(recipe, resume, from, stopping);
        } finally {
            ended.countDown();
        }
    }

    /**
     * Runs both stages.
     *
     * @param resume goes on from the newest checkpoints, and skips what is finished
     * @param from a model whose weights both stages begin with, instead of fresh ones
     * @param stopping when set, the run ends after its current step with a checkpoint
     * @throws IllegalArgumentException naming every wrong value of the recipe
     */
    static void run(Path recipe, boolean resume, Optional<Path> from, AtomicBoolean stopping) throws IOException {
        TrainConfig config = TrainConfig.read(recipe);
        TrainConfig.Learns learns = config.autoencoder().learns();
        if (from.isEmpty() && learns != TrainConfig.Learns.ALL) {
            throw new IllegalArgumentException(
                    "autoencoder.learns must be all without a model to begin with (--from), was "
                            + learns.name().toLowerCase(Locale.ROOT));
        }
        List<ImageFolder.Picture> pictures = ImageFolder.read(config.data(), config.size());
        Path export = config.output().resolve("export").resolve(config.name());
        if (learns == TrainConfig.Learns.NOTHING) {
            DiffusersFolder.copyModel(from.orElseThrow().resolve("vae"), export.resolve("vae"));
        } else {
            var autoencoder = new AutoencoderStage(config.autoencoder(), config.size(), pictures);
            boolean done = new TrainingRun(
                            autoencoder, config.output().resolve("autoencoder"), config.seed(), stopping::get)
                    .run(resume, from.map(model -> weights(model, "vae")), export);
            if (!done) {
                return;
            }
        }
        DiffusersFolder.writeText(
                export, config.denoiser().textEncoder(), config.denoiser().tokens());
        copyBeside(recipe, export);
        Path cache = config.output().resolve("precomputed");
        List<ImageFolder.Picture> shown =
                ImageFolder.labelled(pictures, config.denoiser().labels());
        try (var data = new TrainingSet(shown, config.size(), config.denoiser(), export, cache)) {
            var denoiser = new DenoiserStage(config.denoiser(), data, config.seed());
            new TrainingRun(denoiser, config.output().resolve("denoiser"), config.seed(), stopping::get)
                    .run(resume, from.map(model -> weights(model, "unet")), export);
        }
    }

    private static Path weights(Path model, String part) {
        return model.resolve(part).resolve(DiffusersFolder.WEIGHTS);
    }

    /** What is told of a model lies beside its recipe, which goes with it. */
    private static void copyBeside(Path recipe, Path export) throws IOException {
        Files.copy(recipe, export.resolve("train.yaml"), StandardCopyOption.REPLACE_EXISTING);
        for (String name : List.of("ruido.yaml", "README.md")) {
            Path file = recipe.resolveSibling(name);
            if (Files.exists(file)) {
                Files.copy(file, export.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static void await(CountDownLatch ended) {
        try {
            ended.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
