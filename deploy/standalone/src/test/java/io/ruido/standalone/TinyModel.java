package io.ruido.standalone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** A model with random weights that makes a step in milliseconds; its pictures show nothing. */
public final class TinyModel {
    public static final String NAME = "tiny";

    private static final Path FOLDER = Path.of("../../worker/src/test/resources/golden/pipeline");

    private TinyModel() {}

    /** Puts it into a folder of models. */
    public static void install(Path models) throws IOException {
        Path model = Files.createDirectories(models).resolve(NAME);
        try (Stream<Path> files = Files.walk(FOLDER)) {
            for (Path file : files.toList()) {
                Files.copy(file, model.resolve(FOLDER.relativize(file).toString()));
            }
        }
    }
}
