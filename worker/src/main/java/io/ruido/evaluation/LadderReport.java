package io.ruido.evaluation;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.knowm.xchart.AnnotationText;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;

/** The table and the plot of a ladder. */
record LadderReport(List<Row> rows) {
    private static final int ABOVE = 3; // percentage points between a point and its name

    /**
     * The measurements of one rung.
     *
     * @param model name of its folder
     * @param labels how many were drawn
     * @param frechet distance to the training images that have the labels
     * @param diversity relative to the reference's
     * @param millisAlone for one image by itself
     * @param millisTogether for one of eight
     */
    record Row(
            String name,
            String model,
            int labels,
            Evaluation.Fit fit,
            OptionalDouble frechet,
            OptionalDouble diversity,
            double millisAlone,
            double millisTogether) {}

    List<String> table() {
        List<String> table = new ArrayList<>();
        table.add("| | Model | Labels drawn | Label at once | In the nearest 5 | Fréchet distance | Diversity"
                + " | ms alone | ms in a batch of 8 |");
        table.add("|---|---|---|---|---|---|---|---|---|");
        for (Row row : rows) {
            table.add(String.format(
                    Locale.ROOT,
                    "| %s | %s | %d | %.1f %% | %.1f %% | %s | %s | %.0f | %.0f |",
                    row.name(),
                    row.model(),
                    row.labels(),
                    100 * row.fit().top1(),
                    100 * row.fit().top5(),
                    orDash(row.frechet()),
                    orDash(row.diversity()),
                    row.millisAlone(),
                    row.millisTogether()));
        }
        return table;
    }

    private static String orDash(OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, "%.2f", value.getAsDouble()) : "–";
    }

    /** Quality over time: a line for each model, through its rungs. */
    void plot(Path file) throws IOException {
        XYChart chart = new XYChartBuilder()
                .width(1000)
                .height(560)
                .xAxisTitle("milliseconds for an image by itself")
                .yAxisTitle("label at once, %")
                .build();
        chart.getStyler()
                .setXAxisLogarithmic(true)
                .setYAxisMin(0.0)
                .setYAxisMax(105.0)
                .setLegendPosition(Styler.LegendPosition.InsideSE)
                .setChartBackgroundColor(Color.WHITE);
        Map<String, List<Row>> models = new LinkedHashMap<>();
        rows.stream().sorted(Comparator.comparingDouble(Row::millisAlone)).forEach(row -> models.computeIfAbsent(
                        row.model(), _ -> new ArrayList<>())
                .add(row));
        models.forEach((model, some) -> chart.addSeries(
                model,
                some.stream().map(Row::millisAlone).toList(),
                some.stream().map(LadderReport::percent).toList()));
        rows.forEach(row ->
                chart.addAnnotation(new AnnotationText(row.name(), row.millisAlone(), percent(row) + ABOVE, false)));
        BitmapEncoder.saveBitmap(chart, file.toString(), BitmapEncoder.BitmapFormat.PNG);
    }

    private static double percent(Row row) {
        return 100 * row.fit().top1();
    }
}
