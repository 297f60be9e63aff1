package io.ruido.standalone.train;

import io.ruido.pipeline.image.RgbImage;
import io.ruido.standalone.Bars;
import io.ruido.train.ContactSheet;
import io.ruido.train.Evaluation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        description = {
            "Measures a text-to-image model against the pictures that it was trained on.",
            "It prints the autoencoder's mean PSNR on the held-out pictures, and for each number of DDIM steps how "
                    + "often the training picture nearest to a sample (by the autoencoder's latents) bears the label that "
                    + "was asked for, at once or among the nearest five. All numbers of steps draw the same labels with "
                    + "the same seeds. Grids of the samples are written beside the table."
        })
public final class EvaluateCommand implements Callable<Integer> {
    @Parameters(paramLabel = "MODEL", description = "Folder in diffusers' layout.")
    private Path model;

    @Option(
            names = "--recipe",
            paramLabel = "FILE",
            description = "By which it was trained; train.yaml in its folder by default.")
    private Path recipe;

    @Option(names = "--out", required = true, paramLabel = "FOLDER", description = "For the table and the grids.")
    private Path out;

    @Option(names = "--labels", defaultValue = "200", description = "How many labels at most (${DEFAULT-VALUE}).")
    private int labels;

    @Option(
            names = "--every-label",
            description = "Ask for labels of all pictures in the recipe's data, not only for those that it trains on.")
    private boolean everyLabel;

    @Option(names = "--steps", split = ",", defaultValue = "10,30,50", description = "DDIM steps (${DEFAULT-VALUE}).")
    private List<Integer> steps;

    @Option(names = "--guidance", defaultValue = "3", description = "Guidance scale (${DEFAULT-VALUE}).")
    private double guidance;

    @Option(names = "--seed", defaultValue = "1", description = "Of the labels and the noise (${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--prompts", paramLabel = "FILE", description = "Texts, one a line, to draw in one more grid.")
    private Path prompts;

    @Override
    public Integer call() throws Exception {
        Files.createDirectories(out);
        try (Evaluation evaluation = Evaluation.of(model, recipe(), everyLabel)) {
            List<String> table = new ArrayList<>();
            table.add("Autoencoder: %.2f dB on the held-out pictures".formatted(evaluation.psnr()));
            table.add("");
            table.add("%d of %d labels, drawn with guidance %s from seed %d on, and looked for among %d pictures:"
                    .formatted(
                            Math.min(labels, evaluation.labels()),
                            evaluation.labels(),
                            guidance,
                            seed,
                            evaluation.pictures()));
            table.add("");
            table.add("| DDIM steps | label at once | label in the nearest 5 | PSNR to %d steps |"
                    .formatted(steps.getLast()));
            table.add("|---|---|---|---|");
            List<String> texts = evaluation.labels(labels, seed);
            List<List<RgbImage>> drawn = new ArrayList<>();
            for (int count : steps) {
                drawn.add(draw(evaluation, texts, count, "labels-" + count));
            }
            for (int i = 0; i < drawn.size(); i++) {
                Evaluation.Fit fit = evaluation.fit(texts, drawn.get(i));
                String alike = i == drawn.size() - 1
                        ? ""
                        : "%.1f dB".formatted(Evaluation.psnr(drawn.get(i), drawn.getLast()));
                table.add("| %d | %.1f %% | %.1f %% | %s |"
                        .formatted(steps.get(i), 100 * fit.top1(), 100 * fit.top5(), alike));
            }
            if (prompts != null) {
                draw(evaluation, Files.readAllLines(prompts), steps.getLast(), "prompts");
            }
            Files.write(out.resolve("evaluation.md"), table);
            table.forEach(System.out::println);
        }
        return 0;
    }

    private Path recipe() {
        return recipe == null ? model.resolve("train.yaml") : recipe;
    }

    private List<RgbImage> draw(Evaluation evaluation, List<String> texts, int count, String name) throws IOException {
        List<RgbImage> drawn;
        try (ProgressBar bar = Bars.of(name, texts.size())) {
            drawn = evaluation.sample(texts, new Evaluation.Sampling(count, guidance, seed), bar::stepTo);
        }
        ContactSheet.write(out.resolve(name + ".png"), drawn, texts);
        return drawn;
    }
}
