package io.ruido.evaluation;

import io.ruido.pipeline.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Draws the same labels and prompts with several models, samplers and numbers of steps, and measures quality, diversity
 * and time of each. Everything is drawn first and timed afterwards, so that all times are taken under the same
 * conditions.
 */
public final class Ladder {
    private static final int TRIES = 3;
    private static final double ENOUGH_MILLIS = 5000;

    private final LadderConfig config;
    private final Evaluation evaluation;
    private final Consumer<String> progress;

    /**
     * The time per image.
     *
     * @param millisAlone in a batch of one
     * @param millisTogether in a batch of eight
     */
    private record Times(double millisAlone, double millisTogether) {}

    /**
     * @param evaluation against the images that all of the models were trained on
     * @param progress receives what is done next
     */
    public Ladder(Path file, Evaluation evaluation, Consumer<String> progress) throws IOException {
        this.config = LadderConfig.read(file);
        this.evaluation = evaluation;
        this.progress = progress;
    }

    /**
     * Draws, measures, and writes {@code ladder.md}, {@code ladder.png} and {@code samples.png}. The samples of each
     * rung are kept in {@code rungs}.
     *
     * @param resume uses samples that an earlier run has kept, where what is asked for has not changed
     * @return the lines of the table
     */
    public List<String> write(Path out, boolean resume) throws IOException {
        Map<LadderConfig.Rung, RungSamples> samples = new LinkedHashMap<>();
        for (LadderConfig.Rung rung : config.rungs()) {
            samples.put(rung, samples(rung, out, resume));
        }
        double reference = samples.entrySet().stream()
                .filter(entry -> entry.getKey().name().equals(config.reference()))
                .mapToDouble(entry -> distance(entry.getValue()).orElseThrow())
                .findFirst()
                .orElseThrow();
        List<LadderReport.Row> rows = new ArrayList<>();
        for (var entry : samples.entrySet()) {
            rows.add(row(entry.getKey(), entry.getValue(), reference));
        }
        var report = new LadderReport(rows);
        report.plot(out.resolve("ladder.png"));
        grid(samples, out.resolve("samples.png"));
        List<String> table = report.table();
        Files.write(out.resolve("ladder.md"), table);
        return table;
    }

    private List<String> labels(LadderConfig.Rung rung) {
        List<String> all = evaluation.labels(config.labels(), config.seed());
        return all.subList(0, Math.min(all.size(), config.labels(rung)));
    }

    private RungSamples samples(LadderConfig.Rung rung, Path out, boolean resume) throws IOException {
        var request = new RungSamples.Request(rung, config.seed(), labels(rung), config.prompts(), config.seeds(rung));
        Path folder = request.folder(out);
        Optional<RungSamples> kept = resume ? RungSamples.read(folder, request) : Optional.empty();
        if (kept.isPresent()) {
            return kept.get();
        }
        progress.accept("drawing with " + rung.name());
        try (PromptSampler promptSampler = new PromptSampler(rung.model())) {
            RungSamples drawn = RungSamples.draw(promptSampler, request);
            drawn.write(folder, request);
            return drawn;
        }
    }

    private LadderReport.Row row(LadderConfig.Rung rung, RungSamples samples, double reference) throws IOException {
        List<String> labels = labels(rung);
        boolean all = config.labels(rung) == config.labels();
        Times times = time(rung);
        return new LadderReport.Row(
                rung.name(),
                rung.model().getFileName().toString(),
                labels.size(),
                evaluation.fit(labels.stream().map(Set::of).toList(), samples.labels()),
                all ? OptionalDouble.of(evaluation.frechet(labels, samples.labels())) : OptionalDouble.empty(),
                distance(samples).stream().map(distance -> distance / reference).findFirst(),
                times.millisAlone(),
                times.millisTogether());
    }

    /** The mean over the prompts of the distance of two images of one prompt; none if there is one of each. */
    private OptionalDouble distance(RungSamples samples) {
        return samples.prompts().stream()
                .filter(varied -> varied.size() > 1)
                .mapToDouble(evaluation::diversity)
                .average();
    }

    /** The fastest of some tries, text and decoding included; one try of a slow rung. */
    private Times time(LadderConfig.Rung rung) throws IOException {
        progress.accept("timing " + rung.name());
        try (PromptSampler promptSampler = new PromptSampler(rung.model())) {
            return new Times(time(promptSampler, rung, 1), time(promptSampler, rung, PromptSampler.BATCH));
        }
    }

    private double time(PromptSampler promptSampler, LadderConfig.Rung rung, int count) {
        List<String> texts = Collections.nCopies(count, config.prompts().getFirst());
        double fastest = Double.MAX_VALUE, spent = 0;
        for (int i = 0; i < TRIES && spent < ENOUGH_MILLIS; i++) {
            double millis = promptSampler
                    .draw(texts, rung.sampling(config.seed()), _ -> {})
                    .millisEach();
            fastest = Math.min(fastest, millis);
            spent += millis * count;
        }
        return fastest;
    }

    private void grid(Map<LadderConfig.Rung, RungSamples> samples, Path file) throws IOException {
        List<RgbImage> images = new ArrayList<>();
        List<String> captions = new ArrayList<>(), rows = new ArrayList<>();
        samples.forEach((rung, drawn) -> {
            rows.add(rung.name());
            captions.addAll(config.prompts());
            drawn.prompts().forEach(varied -> images.add(varied.getFirst()));
        });
        ContactSheet.write(file, images, captions, rows, config.prompts().size());
    }
}
