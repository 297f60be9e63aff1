package io.ruido.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** Trains a model by a recipe: the autoencoder and then the denoiser of its latents, or a denoiser of pixels. */
public final class Train {
    private final Path recipe;
    private final TrainConfig config;
    private final boolean resume;
    private final Optional<Path> from;
    private final BooleanSupplier stopping;
    private final Path export;

    private Train(Path recipe, boolean resume, Optional<Path> from, BooleanSupplier stopping) throws IOException {
        this.recipe = recipe;
        this.config = TrainConfig.read(recipe);
        this.resume = resume;
        this.from = from;
        this.stopping = stopping;
        this.export = config.output().resolve("export").resolve(config.name());
    }

    /**
     * Runs the stages; a signal that ends the process is answered with a checkpoint first.
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
     * Runs the stages.
     *
     * @param resume goes on from the newest checkpoints, and skips what is finished
     * @param from a model whose weights the stages begin with, instead of fresh ones
     * @param stopping when set, the run ends after its current step with a checkpoint
     * @throws IllegalArgumentException naming every wrong value of the recipe
     */
    static void run(Path recipe, boolean resume, Optional<Path> from, AtomicBoolean stopping) throws IOException {
        var train = new Train(recipe, resume, from, stopping::get);
        if (train.config.pixels() != null) {
            train.pixels();
        } else if (train.autoencoder()) {
            train.denoiser();
        }
    }

    private void pixels() throws IOException {
        copyBeside();
        List<Examples> sizes = new ArrayList<>();
        for (int side : config.sides()) {
            sizes.add(Examples.pixels(new ImageFolder.Sized(side, ImageFolder.read(config.data(), side))));
        }
        run(new PixelStage(config.pixels(), sizes, config.seed()), "unet");
    }

    /** @return whether it is done */
    private boolean autoencoder() throws IOException {
        TrainConfig.Learns learns = config.autoencoder().learns();
        if (from.isEmpty() && learns != TrainConfig.Learns.ALL) {
            throw new IllegalArgumentException(
                    "autoencoder.learns must be all without a model to begin with (--from), was "
                            + learns.name().toLowerCase(Locale.ROOT));
        }
        if (learns == TrainConfig.Learns.NOTHING) {
            DiffusersFolder.copyModel(from.orElseThrow().resolve("vae"), export.resolve("vae"));
            return true;
        }
        List<ImageFolder.Picture> pictures = ImageFolder.read(config.data(), config.size());
        return run(new AutoencoderStage(config.autoencoder(), config.size(), pictures), "vae");
    }

    private void denoiser() throws IOException {
        TrainConfig.Denoiser settings = config.denoiser();
        DiffusersFolder.writeText(export, settings.textEncoder(), settings.tokens());
        copyBeside();
        List<ImageFolder.Sized> sizes = new ArrayList<>();
        for (int side : config.sides()) {
            List<ImageFolder.Picture> pictures = ImageFolder.read(config.data(), side);
            sizes.add(new ImageFolder.Sized(side, ImageFolder.labelled(pictures, settings.labels())));
        }
        Path cache = config.output().resolve("precomputed");
        try (var data = new TrainingSet(sizes, settings.captions(), export, cache)) {
            run(new DenoiserStage(settings, data, config.seed()), "unet");
        }
    }

    private boolean run(Stage stage, String part) throws IOException {
        return new TrainingRun(stage, config.output().resolve(stage.name()), config.seed(), stopping)
                .run(resume, from.map(model -> weights(model, part)), export);
    }

    private static Path weights(Path model, String part) {
        return model.resolve(part).resolve(DiffusersFolder.WEIGHTS);
    }

    /** What is told of a model lies beside its recipe, which goes with it. */
    private void copyBeside() throws IOException {
        Files.createDirectories(export);
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
