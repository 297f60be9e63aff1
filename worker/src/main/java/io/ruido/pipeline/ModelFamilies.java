package io.ruido.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.model.Denoiser;
import io.ruido.model.Network;
import io.ruido.pipeline.ddpm.Ddim;
import io.ruido.pipeline.ddpm.Ddpm;
import io.ruido.pipeline.dit.Dit;
import io.ruido.pipeline.family.ModelFamily;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.pixart.PixArt;
import io.ruido.pipeline.stablediffusion.LatentConsistency;
import io.ruido.pipeline.stablediffusion.StableDiffusion;
import io.ruido.pipeline.stablediffusion.StableDiffusionXl;
import io.ruido.pipeline.wan.Wan;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The list of all model families. A new family is added here. */
public final class ModelFamilies {
    static final List<ModelFamily> ALL = List.of(
            new StableDiffusion(),
            new StableDiffusionXl(),
            new LatentConsistency(),
            new Ddpm(),
            new Ddim(),
            new Dit(),
            PixArt.ALPHA,
            PixArt.SIGMA,
            new Wan());

    private ModelFamilies() {}

    /**
     * @throws IOException naming a file that is missing or malformed
     * @throws IllegalArgumentException naming the class, part or setting that is not supported
     */
    static ModelFamily of(ModelFolder folder) throws IOException {
        ModelFamily family = find(folder)
                .orElseThrow(() -> new IllegalArgumentException("%s: _class_name is %s; supported: %s"
                        .formatted(folder.path(), folder.className(), String.join(", ", classNames()))));
        family.parts().forEach((part, networks) -> checkPart(folder, part, networks));
        family.optionalParts().forEach((part, networks) -> {
            if (folder.part(part).isPresent()) {
                checkPart(folder, part, networks);
            }
        });
        family.check(folder);
        return family;
    }

    private static Optional<ModelFamily> find(ModelFolder folder) {
        return ALL.stream()
                .filter(candidate -> candidate.classNames().contains(folder.className()))
                .findFirst();
    }

    /** Returns whether the folder's family reads a part of this name. */
    static boolean reads(ModelFolder folder, String part) {
        return find(folder)
                .filter(family -> family.parts().containsKey(part)
                        || family.optionalParts().containsKey(part))
                .isPresent();
    }

    private static void checkPart(ModelFolder folder, String part, List<Network<?>> networks) {
        List<String> supported =
                networks.stream().map(Network::className).sorted().toList();
        Optional<String> found = folder.part(part);
        if (found.isEmpty() || !supported.contains(found.get())) {
            throw new IllegalArgumentException("%s: %s is %s; supported: %s"
                    .formatted(folder.path(), part, found.orElse("absent"), String.join(", ", supported)));
        }
    }

    private static List<String> classNames() {
        return ALL.stream()
                .flatMap(family -> family.classNames().stream().sorted())
                .toList();
    }

    /**
     * Builds a denoiser.
     *
     * @param className class name in diffusers
     * @param config content of its {@code config.json}
     * @throws IllegalArgumentException naming a class, setting or tensor that is not supported
     */
    public static Denoiser denoiser(String className, JsonNode config, Weights weights) {
        if (network(className).builder().build(config, weights) instanceof Denoiser denoiser) {
            return denoiser;
        }
        throw new IllegalArgumentException(className + " is not a denoiser");
    }

    /**
     * Returns the network of a class of diffusers or transformers, of any family.
     *
     * @throws IllegalArgumentException naming the class, when no family has it
     */
    static Network<?> network(String className) {
        Map<String, Network<?>> all = new TreeMap<>();
        for (ModelFamily family : ALL) {
            Stream.of(family.parts(), family.optionalParts())
                    .flatMap(parts -> parts.values().stream())
                    .forEach(networks -> networks.forEach(one -> all.put(one.className(), one)));
        }
        if (!all.containsKey(className)) {
            throw new IllegalArgumentException(
                    className + " is not supported; supported: " + String.join(", ", all.keySet()));
        }
        return all.get(className);
    }
}
