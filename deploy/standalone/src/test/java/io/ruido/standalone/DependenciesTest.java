package io.ruido.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares the libraries on the class path with a list of versions that have known holes. Needs no network. */
class DependenciesTest {
    private static final List<Hole> HOLES = holes();

    /** Of a Maven repository: group as folders, artifact, version, file. */
    private static final Pattern JAR = Pattern.compile(".*/repository/(.+)/([^/]+)/([^/]+)/\\2-\\3[^/]*\\.jar");

    private record Library(String name, String version) {}

    /** From the first bad version to the first good one. */
    private record Hole(String library, String bad, String good, String advisory) {
        boolean isIn(Library used) {
            return used.name.equals(library) && compare(used.version, bad) >= 0 && compare(used.version, good) < 0;
        }
    }

    @Test
    void noLibraryHasAKnownHole() {
        List<Library> used = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(DependenciesTest::library)
                .flatMap(Optional::stream)
                .toList();

        assertThat(used)
                .extracting(Library::name)
                .contains("io.netty:netty-codec-http", "org.apache.kafka:kafka-clients");
        assertThat(used.stream().flatMap(library -> HOLES.stream()
                        .filter(hole -> hole.isIn(library))
                        .map(hole -> library.name + " " + library.version + ": " + hole.advisory)))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "org.apache.logging.log4j:log4j-core, 2.14.1,       true",
        "org.apache.logging.log4j:log4j-core, 2.17.1,       false",
        "io.netty:netty-codec-http,           4.1.99.Final, true",
        "io.netty:netty-codec-http,           4.2.4.Final,  true",
        "io.netty:netty-codec-http,           4.2.10.Final, false",
        "org.example:other,                   1.0,          false",
    })
    void aBadVersionIsFound(String name, String version, boolean bad) {
        assertThat(HOLES.stream().anyMatch(hole -> hole.isIn(new Library(name, version))))
                .isEqualTo(bad);
    }

    private static Optional<Library> library(String path) {
        Matcher matcher = JAR.matcher(path.replace(File.separatorChar, '/'));
        return matcher.matches()
                ? Optional.of(
                        new Library(matcher.group(1).replace('/', '.') + ":" + matcher.group(2), matcher.group(3)))
                : Optional.empty();
    }

    private static List<Hole> holes() {
        try (InputStream in = DependenciesTest.class.getResourceAsStream("known-vulnerabilities.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("\\s+"))
                    .map(words -> new Hole(words[0], words[1], words[2], words[3]))
                    .toList();
        } catch (IOException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** By the numbers in them, of which absent ones are 0. */
    private static int compare(String one, String other) {
        int[] a = numbers(one);
        int[] b = numbers(other);
        int length = Math.max(a.length, b.length);
        return Arrays.compare(Arrays.copyOf(a, length), Arrays.copyOf(b, length));
    }

    private static int[] numbers(String version) {
        return Pattern.compile("\\d+")
                .matcher(version)
                .results()
                .mapToInt(number -> Integer.parseInt(number.group()))
                .toArray();
    }
}
