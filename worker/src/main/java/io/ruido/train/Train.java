package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.tensor.Torch;
import io.ruido.train.data.ClipTrainingSet;
import io.ruido.train.data.Examples;
import io.ruido.train.data.ImageFolder;
import io.ruido.train.data.TrainingSet;
import io.ruido.train.optimization.Stage;
import io.ruido.train.optimization.TrainingRun;
import io.ruido.train.recipe.Captioning;
import io.ruido.train.recipe.ClipsConfig;
import io.ruido.train.recipe.DistillationConfig;
import io.ruido.train.recipe.GanConfig;
import io.ruido.train.recipe.TrainConfig;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a model by a recipe: the autoencoder and then the denoiser of its latents, a denoiser of pixels, a model of
 * few steps that a teacher's folder is distilled into, a GAN, or a model of clips.
 */
public final class Train {
    private static final Logger log = LoggerFactory.getLogger(Train.class);

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
     * @param resume continues from the newest checkpoints and skips finished stages
     * @param from the model whose weights the stages start from, instead of random ones
     * @param stopping when set, the run ends after its current step with a checkpoint
     * @throws IllegalArgumentException naming every wrong value of the recipe
     */
    static void run(Path recipe, boolean resume, Optional<Path> from, AtomicBoolean stopping) throws IOException {
        var train = new Train(recipe, resume, from, stopping::get);
        if (train.config.pixels() != null) {
            train.pixels();
        } else if (train.config.distillation() != null) {
            train.distillation(train.config.distillation());
        } else if (train.config.gan() != null) {
            train.gan(train.config.gan());
        } else if (train.config.clips() != null) {
            train.clips(train.config.clips());
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
        if (takenOver("autoencoder", config.autoencoder().learns())) {
            return true;
        }
        List<ImageFolder.Image> images = ImageFolder.read(config.data(), config.size());
        return run(new AutoencoderStage(config.autoencoder(), config.size(), images), "vae");
    }

    /** Whether the autoencoder is that of the model to begin with, which is then copied. */
    private boolean takenOver(String name, TrainConfig.Learns learns) throws IOException {
        if (from.isEmpty() && learns != TrainConfig.Learns.ALL) {
            throw new IllegalArgumentException("%s.learns must be all without a model to begin with (--from), was %s"
                    .formatted(name, learns.name().toLowerCase(Locale.ROOT)));
        }
        if (learns == TrainConfig.Learns.NOTHING) {
            DiffusersFolder.copyModel(from.orElseThrow().resolve("vae"), export.resolve("vae"));
        }
        return learns == TrainConfig.Learns.NOTHING;
    }

    private void denoiser() throws IOException {
        TrainConfig.Denoiser settings = config.denoiser();
        DiffusersFolder.writeText(export, settings.textEncoder(), settings.tokens());
        copyBeside();
        try (TrainingSet data = trainingSet(settings.labels(), settings.captions())) {
            run(new DenoiserStage(settings, data, config.seed()), DiffusersFolder.denoiserPart(settings.model()));
        }
    }

    /** What a model of the text encoder and the autoencoder in the export learns from. */
    private TrainingSet trainingSet(List<String> labels, Captioning captions) throws IOException {
        List<ImageFolder.Sized> sizes = new ArrayList<>();
        for (int side : config.sides()) {
            List<ImageFolder.Image> images = ImageFolder.read(config.data(), side);
            sizes.add(new ImageFolder.Sized(side, ImageFolder.labelled(images, labels)));
        }
        return new TrainingSet(sizes, captions, export, config.output().resolve("precomputed"));
    }

    private void distillation(DistillationConfig settings) throws IOException {
        DiffusersFolder.copyBase(settings.teacher(), export);
        copyBeside();
        ObjectNode shape = Teacher.config(settings.teacher());
        try (TrainingSet data = trainingSet(settings.labels(), settings.captions());
                NDManager manager = Torch.newManager()) {
            NDArray empty = data.empty(manager, 1);
            Teacher teacher = Teacher.read(settings.teacher(), settings.guidance(), empty, manager);
            Path start = weights(from.orElse(settings.teacher()), "unet");
            boolean done = run(new ConsistencyStage(settings, shape, teacher, data, config.seed()), Optional.of(start));
            if (done && settings.adversarial() != null) {
                DistillationConfig.Adversarial adversarial = settings.adversarial();
                var stage = new AdversarialStage.Settings(
                        "adversarial",
                        shape,
                        settings.scheduler(),
                        settings.sampling(),
                        adversarial.timesteps(),
                        adversarial.discriminator(),
                        adversarial.optimization(),
                        Optional.of(new DistillationLoss(teacher, adversarial.distillation())));
                run(new AdversarialStage(stage, data, config.seed()), Optional.of(consistent()));
            }
        }
    }

    /**
     * The weights that the consistency stage ended with; the export has those of the stage after it, once that has
     * begun.
     */
    private Path consistent() throws IOException {
        Path own = config.output().resolve("consistency/unet");
        if (!Files.exists(own) || !resume) {
            Files.createDirectories(own);
            DiffusersFolder.copyModel(export.resolve("unet"), own);
        }
        return own.resolve(DiffusersFolder.WEIGHTS);
    }

    private void gan(GanConfig settings) throws IOException {
        DiffusersFolder.copyBase(settings.base(), export);
        copyBeside();
        try (TrainingSet data = trainingSet(settings.labels(), settings.captions())) {
            var stage = new AdversarialStage.Settings(
                    "gan",
                    settings.model(),
                    settings.scheduler(),
                    settings.sampling(),
                    List.of(new ForwardProcess(settings.scheduler(), 0).trainSteps() - 1),
                    settings.discriminator(),
                    settings.optimization(),
                    Optional.empty());
            run(new AdversarialStage(stage, data, config.seed()), "unet");
        }
    }

    private void clips(ClipsConfig settings) throws IOException {
        if (takenOver("clips.autoencoder", settings.autoencoder().learns()) || clipAutoencoder(settings)) {
            ClipsConfig.Denoiser denoiser = settings.denoiser();
            DiffusersFolder.writeText(export, denoiser.textEncoder(), denoiser.tokens());
            copyBeside();
            Path cache = config.output().resolve("precomputed");
            var images = Optional.ofNullable(settings.pictures());
            try (var data = new ClipTrainingSet(config.data(), images, denoiser, export, cache)) {
                run(new ClipDenoiserStage(denoiser, data, config.seed()), "transformer");
            }
        }
    }

    private boolean clipAutoencoder(ClipsConfig settings) throws IOException {
        List<ClipAutoencoderStage.Data> sizes = new ArrayList<>();
        for (int side : config.sides()) {
            List<ImageFolder.Image> images =
                    settings.pictures() == null ? List.of() : ImageFolder.read(settings.pictures(), side);
            sizes.add(new ClipAutoencoderStage.Data(side, ImageFolder.readClips(config.data(), side), images));
        }
        return run(new ClipAutoencoderStage(settings.autoencoder(), sizes), "vae");
    }

    private boolean run(Stage stage, String part) throws IOException {
        Optional<Path> start = from.map(model -> weights(model, part)).filter(Files::exists);
        if (from.isPresent() && start.isEmpty()) {
            log.info("{}: {} has no {}; starting with random weights", stage.name(), from.get(), part);
        }
        return run(stage, start);
    }

    private boolean run(Stage stage, Optional<Path> start) throws IOException {
        return new TrainingRun(stage, config.output().resolve(stage.name()), config.seed(), stopping)
                .run(resume, start, export);
    }

    private static Path weights(Path model, String part) {
        return model.resolve(part).resolve(DiffusersFolder.WEIGHTS);
    }

    /** Copies the recipe and the files beside it that describe the model. */
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
