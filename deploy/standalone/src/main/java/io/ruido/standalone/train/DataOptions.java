package io.ruido.standalone.train;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Options that all commands for training data share. */
final class DataOptions {
    @Option(names = "--labels", required = true, paramLabel = "TGZ", description = "Package emojibase-data.")
    Path labels;

    @Option(names = "--keywords", required = true, paramLabel = "TGZ", description = "Package emojilib.")
    Path keywords;

    @Option(
            names = "--size",
            defaultValue = "128",
            paramLabel = "PIXELS",
            description = "Side of the images in pixels (${DEFAULT-VALUE}).")
    int size;
}
