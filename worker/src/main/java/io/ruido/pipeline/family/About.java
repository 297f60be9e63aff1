package io.ruido.pipeline.family;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.ruido.job.Geometry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What {@code ruido.yaml} in a model's folder says of it, all of it optional: null where it says nothing.
 *
 * @param minSize least side in pixels that may be asked for
 * @param maxSize greatest side in pixels that may be asked for
 * @param width in pixels, where a job names none
 * @param height in pixels, where a job names none
 * @param frames of a clip, where a job names none
 * @param fps frames per second of the clips that the model was trained with
 */
public record About(
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
    private static final About NOTHING =
            new About(null, null, null, null, null, null, null, null, null, null, null, null);
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** @throws IOException naming what of the file is not known */
    public static About read(Path folder) throws IOException {
        Path file = folder.resolve("ruido.yaml");
        return Files.exists(file) ? YAML.readValue(file.toFile(), About.class) : NOTHING;
    }

    /** The model's own size, or what is said instead. */
    public Geometry geometry(Geometry own) {
        return new Geometry(
                width == null ? own.width() : width,
                height == null ? own.height() : height,
                frames == null ? own.frames() : frames);
    }
}
