package io.ruido.pipeline.family;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.ruido.job.Geometry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The content of {@code ruido.yaml} in a model's folder. All fields are optional, and null when absent.
 *
 * @param minSize minimum side of a job in pixels
 * @param maxSize maximum side of a job in pixels
 * @param width default width in pixels
 * @param height default height in pixels
 * @param frames default number of frames of a clip
 * @param fps frames per second of the clips that the model was trained with
 */
public record ModelDescription(
        String title,
        String description,
        String license,
        Integer minSize,
        Integer maxSize,
        Integer width,
        Integer height,
        Integer frames,
        Double fps,
        Integer steps,
        Double guidanceScale,
        String sampler) {
    private static final ModelDescription NOTHING =
            new ModelDescription(null, null, null, null, null, null, null, null, null, null, null, null);
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /**
     * Reads the file.
     *
     * @throws IOException naming unknown fields
     */
    public static ModelDescription read(Path folder) throws IOException {
        Path file = folder.resolve("ruido.yaml");
        return Files.exists(file) ? YAML.readValue(file.toFile(), ModelDescription.class) : NOTHING;
    }

    /** Returns the model's own geometry with the configured values in place of its own. */
    public Geometry geometry(Geometry own) {
        return new Geometry(
                width == null ? own.width() : width,
                height == null ? own.height() : height,
                frames == null ? own.frames() : frames);
    }
}
