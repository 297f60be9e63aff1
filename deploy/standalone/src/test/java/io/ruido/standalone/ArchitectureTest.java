package io.ruido.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitectureTest {
    private static final Path ROOT = Path.of("../..");
    private static final List<String> MODULES =
            List.of("shared", "gateway", "worker", "deploy/embedded", "deploy/standalone", "deploy/bench");
    private static final Pattern PACKAGE = Pattern.compile("`(io\\.ruido\\.[a-z0-9.]+)`");
    private static final Pattern IMPORT = Pattern.compile("(?m)^import (?:static )?io\\.ruido\\.([a-z0-9]+)\\.");

    @Test
    void thePageListsEveryPackage() throws IOException {
        Set<String> documented = Files.readString(ROOT.resolve("docs/architecture.md"))
                .lines()
                .filter(line -> line.startsWith("|"))
                .flatMap(row -> PACKAGE.matcher(row).results())
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> existing = new TreeSet<>();
        for (String module : MODULES) {
            existing.addAll(packages(ROOT.resolve(module).resolve("src/main/java")));
        }

        assertThat(documented).isEqualTo(existing);
    }

    @ParameterizedTest
    @CsvSource({
        "diffusion, diffusion",
        "tensor, tensor",
        "adapter, adapter tensor",
        "nn, nn adapter tensor",
        "model, model nn adapter tensor",
        "pipeline, pipeline model nn adapter tensor diffusion plan clip image job"
    })
    void theWorkersPackagesKnowOnlyThese(String name, String allowed) throws IOException {
        Path sources = ROOT.resolve("worker/src/main/java/io/ruido").resolve(name);
        try (Stream<Path> files = Files.walk(sources)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(IMPORT.matcher(Files.readString(file)).results().map(found -> found.group(1)))
                        .as(file.toString())
                        .isSubsetOf(allowed.split(" "));
            }
        }
    }

    private static Set<String> packages(Path sources) throws IOException {
        try (Stream<Path> files = Files.walk(sources)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .map(file -> sources.relativize(file.getParent()).toString().replace('/', '.'))
                    .collect(Collectors.toSet());
        }
    }
}
