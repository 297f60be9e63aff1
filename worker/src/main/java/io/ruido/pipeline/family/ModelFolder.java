package io.ruido.pipeline.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.diffusion.schedules.SchedulerConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder in diffusers' layout, as described by its {@code model_index.json}.
 *
 * @param className class name of the pipeline in diffusers
 * @param parts class of each part by the name of its subfolder
 * @param index content of {@code model_index.json}
 */
public record ModelFolder(Path path, String className, Map<String, String> parts, JsonNode index) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String INDEX = "model_index.json";
    private static final String POINTER = "version https://git-lfs";
    private static final int POINTER_BYTES = 1024;

    /**
     * Reads the description of a folder.
     *
     * @throws IOException when it is missing or not JSON
     */
    public static ModelFolder read(Path path) throws IOException {
        Path file = path.resolve(INDEX);
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString(), null, "not a model folder: it has no " + INDEX);
        }
        refusePointers(path);
        JsonNode index = JSON.readTree(file.toFile());
        Map<String, String> parts = new LinkedHashMap<>();
        for (var setting : index.properties()) {
            JsonNode value = setting.getValue(); // ["library", "Class"], or [null, null] for a part that is left out
            if (value.isArray() && value.size() == 2 && value.get(1).isTextual()) {
                parts.put(setting.getKey(), value.get(1).asText());
            }
        }
        return new ModelFolder(path, index.path("_class_name").asText(), parts, index);
    }

    /** Refuses pointers of Git LFS, which Git stores in place of large files that were not fetched. */
    private static void refusePointers(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder, 2)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (Files.size(file) < POINTER_BYTES
                        && Files.readString(file, StandardCharsets.ISO_8859_1).startsWith(POINTER)) {
                    throw new IOException("%s is a pointer of Git LFS, not the file itself; fetch it with: git lfs pull"
                            .formatted(file));
                }
            }
        }
    }

    /** Returns the class of a part, or empty when the folder does not have it. */
    public Optional<String> part(String name) {
        return Optional.ofNullable(parts.get(name));
    }

    public Path folder(String part) {
        return path.resolve(part);
    }

    /**
     * Returns the noise schedule and sampler of the folder. The class is the one in the index, whatever the scheduler's
     * file says.
     */
    public SchedulerConfig scheduler() throws IOException {
        return SchedulerConfig.read(folder("scheduler").resolve("scheduler_config.json"), part("scheduler"));
    }

    public boolean flag(String setting) {
        return index.path(setting).asBoolean();
    }
}
