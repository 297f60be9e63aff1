package io.ruido.standalone.generate;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What an image can begin with, as options. */
final class SourceOptions {
    @Option(names = "--image", paramLabel = "FILE", description = "Picture to begin with: PNG, JPEG or WebP.")
    private Path image;

    @Option(
            names = "--strength",
            description = "How much of the picture is replaced, above 0 to 1; 0.8 when not given.")
    private Double strength;

    @Option(names = "--mask", paramLabel = "FILE", description = "White where the picture is painted anew.")
    private Path mask;

    @Option(
            names = "--variation-seed",
            paramLabel = "N",
            description = "Another seed, to turn the first noise towards.")
    private Long variationSeed;

    @Option(names = "--variation-strength", description = "How far it is turned, above 0 to 1.")
    private Double variationStrength;

    Optional<Path> image() {
        return Optional.ofNullable(image);
    }

    Optional<Double> strength() {
        return Optional.ofNullable(strength);
    }

    Optional<Path> mask() {
        return Optional.ofNullable(mask);
    }

    Optional<Long> variationSeed() {
        return Optional.ofNullable(variationSeed);
    }

    Optional<Double> variationStrength() {
        return Optional.ofNullable(variationStrength);
    }
}
