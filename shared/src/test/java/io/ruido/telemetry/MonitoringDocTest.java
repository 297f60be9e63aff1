package io.ruido.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MonitoringDocTest {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `(\\w+)` \\|([\\w, ]*)\\|");
    private static final Pattern NAME = Pattern.compile("ruido_\\w+");

    @Test
    void theTableInTheDocumentationListsEveryMetricWithItsLabels() throws IOException {
        String page = Files.readString(Path.of("../docs/monitoring.md"));

        Map<String, List<String>> documented = ROW.matcher(page)
                .results()
                .collect(Collectors.toMap(row -> "ruido_" + row.group(1), row -> labels(row.group(2))));

        assertThat(documented)
                .isEqualTo(Stream.of(Metric.values())
                        .collect(Collectors.toMap(Metric::prometheusName, Metric::labels, (a, b) -> a, TreeMap::new)));
    }

    @Test
    void theDashboardShowsOnlyMetricsThatExist() throws IOException {
        String dashboard = Files.readString(Path.of("../deploy/grafana/ruido.json"));

        List<String> shown = NAME.matcher(dashboard)
                .results()
                .map(MatchResult::group)
                .map(name -> name.replaceFirst("_(bucket|count|sum)$", ""))
                .toList();

        assertThat(shown)
                .isNotEmpty()
                .isSubsetOf(
                        Stream.of(Metric.values()).map(Metric::prometheusName).toList());
    }

    private static List<String> labels(String cell) {
        return Stream.of(cell.split(","))
                .map(String::strip)
                .filter(label -> !label.isEmpty())
                .toList();
    }
}
