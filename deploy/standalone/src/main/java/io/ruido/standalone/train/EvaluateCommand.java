package io.ruido.standalone.train;

import io.ruido.evaluation.ClipEvaluation;
import io.ruido.evaluation.ContactSheet;
import io.ruido.evaluation.Evaluation;
import io.ruido.evaluation.Ladder;
import io.ruido.evaluation.PromptSampler;
import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.standalone.Bars;
import io.ruido.train.recipe.TrainConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        description = {
            "Compares what a text-to-image model draws with its training images.",
            "Prints the autoencoder's mean PSNR on the held-out images and, for each number of steps, how often the "
                    + "training image nearest to a sample (by the autoencoder's latents), or one of the nearest five, has "
                    + "the requested label. All numbers of steps draw the same labels with the same seeds. Grids of the "
                    + "samples are written beside the table.",
            "With --ladder it compares several models, samplers and numbers of steps instead: quality, diversity and time. "
                    + "First it draws with each, and then it takes the times.",
            "For a model of clips it prints how often the training frame nearest to the first and last frame of a clip (by "
                    + "colours, averaged to 16×16 positions) has the requested label, and how much frames change."
        })
public final class EvaluateCommand implements Callable<Integer> {
    private static final int FRAMES_SHOWN = 9;

    @Parameters(paramLabel = "MODEL", description = "Folder in diffusers' layout.")
    private Path model;

    @Option(
            names = "--recipe",
            paramLabel = "FILE",
            description = "Recipe of its training; train.yaml in its folder by default.")
    private Path recipe;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FOLDER",
            description = "Folder for the table and the grids.")
    private Path out;

    @Option(names = "--labels", defaultValue = "200", description = "Maximum number of labels (${DEFAULT-VALUE}).")
    private int labels;

    @Option(
            names = "--every-label",
            description = "Draw the labels of all images in the recipe's data, not only of the training images.")
    private boolean everyLabel;

    @Option(names = "--sampler", paramLabel = "ID", description = "Sampler; the one in the model's folder by default.")
    private Optional<String> sampler;

    @Option(
            names = "--steps",
            split = ",",
            defaultValue = "10,30,50",
            description = "Numbers of steps (${DEFAULT-VALUE}).")
    private List<Integer> steps;

    @Option(names = "--guidance", defaultValue = "3", description = "Guidance scale (${DEFAULT-VALUE}).")
    private double guidance;

    @Option(names = "--seed", defaultValue = "1", description = "Seed of the labels and the noise (${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--prompts",
            paramLabel = "FILE",
            description =
                    "Texts, one a line, to draw in one more grid. A line may go on with a tab and labels, separated by "
                            + "|: then the table says how often the nearest image bears one of them.")
    private Path prompts;

    @Option(
            names = "--ladder",
            paramLabel = "FILE",
            description =
                    "Ways to draw, in YAML, that are compared: docs/ladder.yaml is one. MODEL's autoencoder measures.")
    private Path ladder;

    @Option(
            names = "--resume",
            description =
                    "With --ladder: use the samples that an earlier run kept in the folder of --out. Times are always"
                            + " taken anew.")
    private boolean resume;

    @Override
    public Integer call() throws Exception {
        Files.createDirectories(out);
        table().forEach(System.out::println);
        return 0;
    }

    private List<String> table() throws IOException {
        TrainConfig config = TrainConfig.read(recipe == null ? model.resolve("train.yaml") : recipe);
        if (config.clips() != null) {
            return evaluateClips(ClipEvaluation.of(config));
        }
        try (Evaluation evaluation = Evaluation.of(model, config, everyLabel)) {
            return ladder == null
                    ? evaluate(evaluation)
                    : new Ladder(ladder, evaluation, System.err::println).write(out, resume);
        }
    }

    private List<String> evaluate(Evaluation evaluation) throws IOException {
        List<String> table = new ArrayList<>();
        table.add("Autoencoder: %.2f dB on the held-out images".formatted(evaluation.psnr()));
        table.add("");
        table.add("%d of %d labels, drawn with guidance %s from seed %d on, and looked for among %d images:"
                .formatted(
                        Math.min(labels, evaluation.labels()),
                        evaluation.labels(),
                        guidance,
                        seed,
                        evaluation.images()));
        table.add("");
        table.add("| steps | label at once | label in the nearest 5 | PSNR to %d steps |".formatted(steps.getLast()));
        table.add("|---|---|---|---|");
        try (PromptSampler promptSampler = new PromptSampler(model)) {
            List<String> texts = evaluation.labels(labels, seed);
            List<Set<String>> accepted = texts.stream().map(Set::of).toList();
            List<List<RgbImage>> drawn = new ArrayList<>();
            for (int count : steps) {
                drawn.add(draw(promptSampler, texts, count, "labels-" + count));
            }
            for (int i = 0; i < drawn.size(); i++) {
                String alike = i == drawn.size() - 1
                        ? ""
                        : "%.1f dB".formatted(Evaluation.psnr(drawn.get(i), drawn.getLast()));
                table.add("| %d | %s | %s |"
                        .formatted(steps.get(i), shares(evaluation.fit(accepted, drawn.get(i))), alike));
            }
            if (prompts != null) {
                table.addAll(prompts(promptSampler, evaluation));
            }
        }
        Files.write(out.resolve("evaluation.md"), table);
        return table;
    }

    /** Writes a grid of the prompts, and returns a line of the table if the file has labels for them. */
    private List<String> prompts(PromptSampler promptSampler, Evaluation evaluation) throws IOException {
        List<String[]> lines = Files.readAllLines(prompts).stream()
                .filter(line -> !line.isBlank())
                .map(line -> line.split("\t", 2))
                .toList();
        List<RgbImage> drawn =
                draw(promptSampler, lines.stream().map(line -> line[0]).toList(), steps.getLast(), "prompts");
        if (lines.stream().anyMatch(line -> line.length < 2)) {
            return List.of();
        }
        List<Set<String>> accepted = lines.stream()
                .map(line -> Set.copyOf(Arrays.asList(line[1].split("\\|"))))
                .toList();
        return List.of(
                "",
                "%d texts of %s, drawn with %d steps: a right label at once | in the nearest 5"
                        .formatted(drawn.size(), prompts.getFileName(), steps.getLast()),
                shares(evaluation.fit(accepted, drawn)));
    }

    private static String shares(Evaluation.Fit fit) {
        return "%.1f %% | %.1f %%".formatted(100 * fit.top1(), 100 * fit.top5());
    }

    private List<RgbImage> draw(PromptSampler promptSampler, List<String> texts, int count, String name)
            throws IOException {
        List<RgbImage> drawn = results(promptSampler, texts, count, name).stream()
                .map(Frames::first)
                .toList();
        ContactSheet.write(out.resolve(name + ".png"), drawn, texts, 10);
        return drawn;
    }

    private List<Frames> results(PromptSampler promptSampler, List<String> texts, int count, String name) {
        try (ProgressBar bar = Bars.of(name, texts.size())) {
            return promptSampler
                    .draw(texts, new PromptSampler.Sampling(sampler, count, guidance, seed), bar::stepTo)
                    .results();
        }
    }

    private List<String> evaluateClips(ClipEvaluation evaluation) throws IOException {
        List<String> texts = evaluation.labels(labels, seed);
        List<String> table = new ArrayList<>();
        table.add("%d labels, drawn with guidance %s from seed %d on, and looked for among %d frames and images:"
                .formatted(texts.size(), guidance, seed, evaluation.references()));
        table.add("");
        table.add("| steps | first frame | last frame | both | change from frame to frame | of the training clips' |");
        table.add("|---|---|---|---|---|---|");
        try (PromptSampler promptSampler = new PromptSampler(model)) {
            for (int count : steps) {
                String name = "clips-" + count;
                List<Frames> drawn = results(promptSampler, texts, count, name);
                writeFrames(out.resolve(name + ".png"), drawn, texts);
                ClipEvaluation.Fit fit = evaluation.fit(texts, drawn);
                double change = ClipEvaluation.motion(drawn);
                int frames = drawn.getFirst().images().size();
                double ofData = evaluation.motionOfData(texts, frames);
                table.add("| %d | %.1f %% | %.1f %% | %.1f %% | %.4f | %s |"
                        .formatted(
                                count,
                                100 * fit.first(),
                                100 * fit.last(),
                                100 * fit.both(),
                                change,
                                ofData == 0 ? "the training clips do not move" : "%.2f".formatted(change / ofData)));
            }
        }
        Files.write(out.resolve("evaluation.md"), table);
        return table;
    }

    /** A row for each clip, with some of its frames, the first and the last one among them. */
    private static void writeFrames(Path file, List<Frames> clips, List<String> texts) throws IOException {
        int frames = clips.getFirst().images().size();
        int columns = Math.min(frames, FRAMES_SHOWN);
        int[] shown = IntStream.range(0, columns)
                .map(i -> columns == 1 ? 0 : i * (frames - 1) / (columns - 1))
                .toArray();
        List<RgbImage> images = clips.stream()
                .flatMap(clip -> IntStream.of(shown).mapToObj(clip.images()::get))
                .toList();
        List<String> captions = clips.stream()
                .flatMap(_ -> IntStream.of(shown).mapToObj(frame -> "frame " + (frame + 1)))
                .toList();
        ContactSheet.write(file, images, captions, texts, columns);
    }
}
