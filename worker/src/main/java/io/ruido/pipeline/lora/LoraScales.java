package io.ruido.pipeline.lora;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the additions to one part of a model are multiplied with: α/r, or α/√r (rsLoRA; Kalajdzievski, 2023). α comes from the
 * file's settings, or from its tensors; where neither has it, diffusers takes the rank of the first module, for modules of all
 * ranks.
 */
final class LoraScales {
    private final JsonNode settings;
    private final String part;
    private final double alpha;

    /**
     * @param settings of the file, flat, such as {@code unet.lora_alpha}
     * @param alphas of those modules of the part that have one, and the rank of its first module
     */
    LoraScales(JsonNode settings, String part, List<Double> alphas, long firstRank) {
        this.settings = settings;
        this.part = part;
        alpha = setting("lora_alpha").asDouble(alphas.isEmpty() ? firstRank : mostFrequent(alphas));
    }

    private JsonNode setting(String name) {
        return settings.path(part + "." + name);
    }

    private static double mostFrequent(List<Double> values) {
        Map<Double, Integer> counts = new LinkedHashMap<>();
        values.forEach(value -> counts.merge(value, 1, Integer::sum));
        int most = counts.values().stream().max(Comparator.naturalOrder()).orElseThrow();
        return counts.entrySet().stream()
                .filter(entry -> entry.getValue() == most)
                .findFirst()
                .orElseThrow()
                .getKey();
    }

    /**
     * The factor of one module.
     *
     * @param path of the module in the part
     * @param ownAlpha of its tensors, or NaN
     */
    double of(String path, double ownAlpha, long rank) {
        boolean noted = !setting("lora_alpha").isMissingNode();
        double own = noted || Double.isNaN(ownAlpha) ? alpha : ownAlpha;
        for (var pattern : setting("alpha_pattern").properties()) {
            if (names(pattern.getKey(), path)) {
                own = pattern.getValue().asDouble();
                break;
            }
        }
        return setting("use_rslora").asBoolean() ? own / Math.sqrt(rank) : own / rank;
    }

    /** PEFT takes patterns for regular expressions; as files have them they are names, or ends of names. */
    private static boolean names(String pattern, String path) {
        String name = pattern.replaceFirst("^\\^", "").replace("\\.", ".");
        return path.equals(name) || path.endsWith("." + name);
    }
}
