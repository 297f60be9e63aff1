package io.ruido.evaluation;

import io.ruido.pipeline.image.RgbImage;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;

/** Draws the same labels and prompts in several ways, and says of each how good it is and how long it takes. */
public final class Ladder {
    private static final int TRIES = 2;

    private final LadderConfig config;
    private final Evaluation evaluation;

    /**
     * What was measured of one way.
     *
     * @param frechet distance to the pictures of the labels
     * @param diversity relative to the first way's
     * @param millisAlone for one picture by itself
     * @param millisTogether for one of eight
     */
    public record Row(
            String name,
            Evaluation.Fit fit,
            double frechet,
            double diversity,
            double millisAlone,
            double millisTogether) {}

    private record Drawn(Row row, double distance, List<RgbImage> prompts) {}

    /** @param evaluation against the pictures that all of the models were trained on */
    public Ladder(Path file, Evaluation evaluation) throws IOException {
        this.config = LadderConfig.read(file);
        this.evaluation = evaluation;
    }

    /**
     * Draws everything and writes {@code ladder.md}, {@code ladder.png} and {@code samples.png}.
     *
     * @param progress receives what is drawn next
     * @return the lines of the table
     */
    public List<String> write(Path out, Consumer<String> progress) throws IOException {
        List<String> labels = evaluation.labels(config.labels(), config.seed());
        List<Row> rows = new ArrayList<>();
        List<RgbImage> pictures = new ArrayList<>();
        List<String> captions = new ArrayList<>();
        double reference = 0;
        for (LadderConfig.Rung rung : config.rungs()) {
            progress.accept(rung.name());
            Drawn drawn = draw(rung, labels, reference);
            reference = reference == 0 ? drawn.distance() : reference;
            rows.add(drawn.row());
            pictures.addAll(drawn.prompts());
            config.prompts().forEach(prompt -> captions.add(rung.name() + ": " + prompt));
        }
        ContactSheet.write(
                out.resolve("samples.png"), pictures, captions, config.prompts().size());
        plot(rows, out.resolve("ladder.png"));
        List<String> table = table(rows);
        Files.write(out.resolve("ladder.md"), table);
        return table;
    }

    private Drawn draw(LadderConfig.Rung rung, List<String> labels, double reference) throws IOException {
        Painter.Sampling sampling = rung.sampling(config.seed());
        try (Painter painter = new Painter(rung.model())) {
            Painter.Drawn drawn = painter.draw(labels, sampling, _ -> {});
            List<RgbImage> prompts = new ArrayList<>();
            double distance = 0;
            for (String prompt : config.prompts()) {
                List<RgbImage> varied = painter.vary(prompt, config.seeds(), sampling);
                distance += evaluation.diversity(varied) / config.prompts().size();
                prompts.add(varied.getFirst());
            }
            double alone = Double.MAX_VALUE;
            for (int i = 0; i < TRIES; i++) {
                alone = Math.min(
                        alone,
                        painter.draw(labels.subList(0, 1), sampling, _ -> {}).millisEach());
            }
            var row = new Row(
                    rung.name(),
                    evaluation.fit(labels.stream().map(Set::of).toList(), drawn.pictures()),
                    evaluation.frechet(labels, drawn.pictures()),
                    reference == 0 ? 1 : distance / reference,
                    alone,
                    drawn.millisEach());
            return new Drawn(row, distance, prompts);
        }
    }

    private List<String> table(List<Row> rows) {
        List<String> table = new ArrayList<>();
        table.add("| | label at once | in the nearest 5 | Fréchet distance | diversity | ms alone | ms of 8 |");
        table.add("|---|---|---|---|---|---|---|");
        for (Row row : rows) {
            table.add(String.format(
                    Locale.ROOT,
                    "| %s | %.1f %% | %.1f %% | %.2f | %.2f | %.0f | %.0f |",
                    row.name(),
                    100 * row.fit().top1(),
                    100 * row.fit().top5(),
                    row.frechet(),
                    row.diversity(),
                    row.millisAlone(),
                    row.millisTogether()));
        }
        return table;
    }

    private static void plot(List<Row> rows, Path file) throws IOException {
        XYChart chart = new XYChartBuilder()
                .width(900)
                .height(500)
                .xAxisTitle("milliseconds for a picture by itself")
                .yAxisTitle("label at once, %")
                .build();
        chart.getStyler().setXAxisLogarithmic(true).setChartBackgroundColor(Color.WHITE);
        for (Row row : rows) {
            chart.addSeries(
                    row.name(),
                    List.of(row.millisAlone()),
                    List.of(100 * row.fit().top1()));
        }
        BitmapEncoder.saveBitmap(chart, file.toString(), BitmapEncoder.BitmapFormat.PNG);
    }
}
