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
 * Combinations of models, samplers and numbers of steps that are compared, read from YAML.
 *
 * @param labels how many labels of the training images each rung draws
 * @param seeds how many images of each prompt measure the diversity
 * @param seed seed of the labels and the noise
 * @param reference name of the rung that the others' diversity is relative to
 * @param prompts prompts of the grid, and of the diversity
 * @param rungs what is compared
 */
public record LadderConfig(int labels, int seeds, long seed, String reference, List<String> prompts, List<Rung> rungs) {
    public LadderConfig {
        new Problems()
                .within("labels", labels, 2, 10_000)
                .within("seeds", seeds, 2, 1000)
                .unless(prompts != null && !prompts.isEmpty(), "prompts", "at least one", prompts)
                .unless(rungs != null && !rungs.isEmpty(), "rungs", "at least one", rungs)
                .unless(
                        rungs == null
                                || rungs.stream().anyMatch(rung -> rung.name().equals(reference)),
                        "reference",
                        "the name of a rung",
                        reference)
                .reject();
    }

    /**
     * One combination.
     *
     * @param model a diffusers folder
     * @param sampler its id; absent for the one that the folder describes
     * @param labels how many labels it draws, for a slow one; absent for as many as the others
     * @param seeds how many images of each prompt it draws; with one, its diversity is not measured
     */
    public record Rung(
            String name, Path model, String sampler, int steps, double guidance, Integer labels, Integer seeds) {
        public Rung {
            new Problems()
                    .present("name", name)
                    .present("model", model)
                    .within("steps", steps, 1, 1000)
                    .within("guidance", guidance, 0, 50)
                    .within("labels", labels == null ? 1 : labels, 1, 10_000)
                    .within("seeds", seeds == null ? 1 : seeds, 1, 1000)
                    .reject();
        }

        public PromptSampler.Sampling sampling(long seed) {
            return new PromptSampler.Sampling(Optional.ofNullable(sampler), steps, guidance, seed);
        }
    }

    /** How many labels a rung draws. */
    public int labels(Rung rung) {
        return rung.labels() == null ? labels : Math.min(labels, rung.labels());
    }

    /** How many images of each prompt a rung draws. */
    public int seeds(Rung rung) {
        return rung.seeds() == null ? seeds : Math.min(seeds, rung.seeds());
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
