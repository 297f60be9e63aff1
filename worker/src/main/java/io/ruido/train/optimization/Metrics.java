package io.ruido.train.optimization;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** {@code metrics.csv}, {@code evaluation.csv} and {@code loss.png} of a run. */
final class Metrics {
    private static final String HEADER = "step,seconds,loss,gradient_norm,learning_rate,samples_per_second,peak_share";

    private final Path folder;
    private final String name;
    private final String header;

    /** @param others whose losses there are beside the model's own */
    Metrics(Path folder, String name, List<String> others) {
        this.folder = folder;
        this.name = name;
        this.header =
                HEADER + others.stream().map(other -> "," + other + "_loss").collect(Collectors.joining());
    }

    /**
     * The means over the steps since the last row.
     *
     * @param otherLosses beside the model's own
     */
    record Row(
            int step,
            double seconds,
            double loss,
            double gradientNorm,
            double learningRate,
            double samplesPerSecond,
            double peakShare,
            List<Double> otherLosses) {
        String csv() {
            String row = String.format(
                    Locale.ROOT,
                    "%d,%.1f,%.6f,%.5f,%.3e,%.2f,%.3f",
                    step,
                    seconds,
                    loss,
                    gradientNorm,
                    learningRate,
                    samplesPerSecond,
                    peakShare);
            return row
                    + otherLosses.stream()
                            .map(other -> String.format(Locale.ROOT, ",%.6f", other))
                            .collect(Collectors.joining());
        }
    }

    /** Drops rows after a step: a resumed run writes them again. */
    void truncate(int step) throws IOException {
        for (Path csv : List.of(file(), evaluations())) {
            if (Files.exists(csv)) {
                List<String> kept = Files.readAllLines(csv).stream()
                        .filter(line -> line.startsWith("step") || stepOf(line) <= step)
                        .toList();
                Files.write(csv, kept);
            }
        }
    }

    void append(Row row) throws IOException {
        append(file(), header, row.csv());
    }

    void append(int step, Map<String, Double> measures) throws IOException {
        StringBuilder line = new StringBuilder().append(step);
        measures.values().forEach(value -> line.append(String.format(Locale.ROOT, ",%.4f", value)));
        append(evaluations(), "step," + String.join(",", measures.keySet()), line.toString());
    }

    /** Draws the losses so far, on a logarithmic axis. */
    void plot() throws IOException {
        if (!Files.exists(file())) {
            return; // stopped before the first row
        }
        List<Integer> steps = new ArrayList<>();
        List<Double> losses = new ArrayList<>();
        for (String line : Files.readAllLines(file())) {
            if (!line.startsWith("step")) {
                steps.add(stepOf(line));
                losses.add(Double.parseDouble(line.split(",")[2]));
            }
        }
        XYChart chart = new XYChartBuilder()
                .width(900)
                .height(500)
                .title(name)
                .xAxisTitle("step")
                .yAxisTitle("loss")
                .build();
        chart.getStyler().setYAxisLogarithmic(true).setLegendVisible(false).setChartBackgroundColor(Color.WHITE);
        chart.addSeries("loss", steps, losses).setMarker(SeriesMarkers.NONE);
        BitmapEncoder.saveBitmap(chart, folder.resolve("loss.png").toString(), BitmapEncoder.BitmapFormat.PNG);
    }

    private Path file() {
        return folder.resolve("metrics.csv");
    }

    private Path evaluations() {
        return folder.resolve("evaluation.csv");
    }

    private static int stepOf(String line) {
        return Integer.parseInt(line.substring(0, line.indexOf(',')));
    }

    private static void append(Path csv, String header, String line) throws IOException {
        String text = Files.exists(csv) ? line : header + "\n" + line;
        Files.writeString(csv, text + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
