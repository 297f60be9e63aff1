package io.ruido.pipeline.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.diffusion.schedules.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A folder in the layout of diffusers, as its {@code model_index.json} describes it.
 *
 * @param className of the pipeline in diffusers
 * @param parts class of each part that is there, by the name of its subfolder
 * @param index all of {@code model_index.json}
 */
public record ModelFolder(Path path, String className, Map<String, String> parts, JsonNode index) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String INDEX = "model_index.json";

    /** @throws IOException when it is not there or no JSON */
    public static ModelFolder read(Path path) throws IOException {
        Path file = path.resolve(INDEX);
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString(), null, "not a model folder: it has no " + INDEX);
        }
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

    /** Class of a part, or empty when the folder leaves it out. */
    public Optional<String> part(String name) {
        return Optional.ofNullable(parts.get(name));
    }

    public Path folder(String part) {
        return path.resolve(part);
    }

    /** The noise schedule and the sampler that the folder describes. */
    public SchedulerConfig scheduler() throws IOException {
        return SchedulerConfig.read(folder("scheduler").resolve("scheduler_config.json"));
    }

    public boolean flag(String setting) {
        return index.path(setting).asBoolean();
    }
}
