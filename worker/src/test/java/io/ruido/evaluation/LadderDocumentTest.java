package io.ruido.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.pipeline.FolderReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LadderDocumentTest {
    private static final Path ROOT = Path.of("..");

    @Test
    void theTableHasARowForEachRung() throws Exception {
        LadderConfig config = LadderConfig.read(ROOT.resolve("docs/ladder.yaml"));
        List<List<String>> expected = config.rungs().stream()
                .map(rung -> List.of(
                        rung.name(), rung.model().getFileName().toString(), String.valueOf(config.labels(rung))))
                .toList();

        assertThat(rows(ROOT.resolve("docs/ladder.md")))
                .as("docs/ladder.md: paste ladder.md as ./ruido evaluate --ladder docs/ladder.yaml writes it")
                .isEqualTo(expected);
    }

    private static List<List<String>> rows(Path document) throws Exception {
        return Files.readAllLines(document).stream()
                .dropWhile(line -> !line.startsWith("| | Model |"))
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .map(line -> Arrays.stream(line.split("\\|"))
                        .map(String::strip)
                        .toList()
                        .subList(1, 4))
                .toList();
    }

    @Test
    void everyModelOnTheLadderIsBundledAndSupported() throws Exception {
        LadderConfig config = LadderConfig.read(ROOT.resolve("docs/ladder.yaml"));
        for (Path model :
                config.rungs().stream().map(LadderConfig.Rung::model).distinct().toList()) {
            FolderReport report = FolderReport.of(ROOT.resolve(model));
            assertThat(report.supported()).as("%s", report).isTrue();
        }
    }

    @Test
    void theReadmeNamesEveryBundledModel() throws Exception {
        String readme = Files.readString(ROOT.resolve("README.md"));
        try (Stream<Path> models = Files.list(ROOT.resolve("models"))) {
            assertThat(models.map(model -> "models/%s/README.md".formatted(model.getFileName())))
                    .isNotEmpty()
                    .allSatisfy(link -> assertThat(readme).contains(link));
        }
    }
}
