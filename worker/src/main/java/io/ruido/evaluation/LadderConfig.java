package io.ruido.evaluation;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.ruido.train.recipe.Problems;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Ways to draw that are compared, read from YAML.
 *
 * @param labels how many of the training pictures' labels each of them draws
 * @param seeds how many pictures of each prompt say how diverse they are
 * @param seed of the labels and the noise
 * @param prompts that the grid shows
 * @param rungs the first of which the others' diversity is measured against
 */
public record LadderConfig(int labels, int seeds, long seed, List<String> prompts, List<Rung> rungs) {
    public LadderConfig {
        new Problems()
                .within("labels", labels, 2, 10_000)
                .within("seeds", seeds, 2, 1000)
                .unless(prompts != null && !prompts.isEmpty(), "prompts", "at least one", prompts)
                .unless(rungs != null && !rungs.isEmpty(), "rungs", "at least one", rungs)
                .reject();
    }

    /**
     * One way to draw.
     *
     * @param model a diffusers folder
     * @param sampler its id; absent for the one that the folder describes
     */
    public record Rung(String name, Path model, String sampler, int steps, double guidance) {
        public Rung {
            new Problems()
                    .present("name", name)
                    .present("model", model)
                    .within("steps", steps, 1, 1000)
                    .within("guidance", guidance, 0, 50)
                    .reject();
        }

        public Painter.Sampling sampling(long seed) {
            return new Painter.Sampling(Optional.ofNullable(sampler), steps, guidance, seed);
        }
    }

    /** @throws IllegalArgumentException naming the wrong values */
    public static LadderConfig read(Path file) throws IOException {
        YAMLMapper yaml = YAMLMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .build();
        try {
            return yaml.readValue(file.toFile(), LadderConfig.class);
        } catch (ValueInstantiationException e) {
            throw new IllegalArgumentException(file + ":\n" + e.getCause().getMessage(), e);
        }
    }
}
