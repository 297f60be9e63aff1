package io.ruido.standalone.generate;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options for the image and mask to start from. */
final class SourceOptions {
    @Option(names = "--image", paramLabel = "FILE", description = "Image to start from: PNG, JPEG or WebP.")
    private Path image;

    @Option(names = "--strength", description = "How much of the image is replaced, above 0 to 1; 0.8 by default.")
    private Double strength;

    @Option(names = "--mask", paramLabel = "FILE", description = "Mask: white where the image is repainted.")
    private Path mask;

    @Option(
            names = "--variation-seed",
            paramLabel = "N",
            description = "Seed of the noise that the initial noise is turned towards.")
    private Long variationSeed;

    @Option(names = "--variation-strength", description = "How far the noise is turned, above 0 to 1.")
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
