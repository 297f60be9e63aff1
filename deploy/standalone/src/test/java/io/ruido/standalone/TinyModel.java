package io.ruido.standalone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Models with random weights that make a step in milliseconds; their pictures and clips show nothing. */
public final class TinyModel {
    public static final String NAME = "tiny";
    public static final String CLIPS = "tiny-clips";

    private static final Path GOLDEN = Path.of("../../worker/src/test/resources/golden");

    private TinyModel() {}

    /** Puts one of pictures into a folder of models. */
    public static void install(Path models) throws IOException {
        copy(GOLDEN.resolve("pipeline"), models.resolve(NAME));
    }

    /** Puts one of clips there, of 32 × 16 pixels and 9 frames where nothing else is asked for. */
    public static void installClips(Path models) throws IOException {
        copy(GOLDEN.resolve("wan-pipelines/text-2.1"), models.resolve(CLIPS));
        Files.writeString(
                models.resolve(CLIPS).resolve("ruido.yaml"),
                "{title: Tiny clips, width: 32, height: 16, frames: 9, fps: 8, minSize: 8, maxSize: 64, guidanceScale: 2}");
    }

    private static void copy(Path source, Path model) throws IOException {
        Files.createDirectories(model.getParent());
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.toList()) {
                Files.copy(file, model.resolve(source.relativize(file).toString()));
            }
        }
    }
}
