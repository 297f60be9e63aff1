package io.ruido.pipeline.lora;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
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
     * @param settings as {@link LoraTensors#settings} gives them
     * @param modules of the part, in the order of their names
     */
    LoraScales(JsonNode settings, String part, Collection<LoraModule> modules) {
        this.settings = settings;
        this.part = part;
        List<Double> alphas = modules.stream()
                .map(module -> module.alpha)
                .filter(value -> !value.isNaN())
                .toList();
        double first = modules.isEmpty() ? 1 : modules.iterator().next().rank();
        alpha = setting("lora_alpha").asDouble(alphas.isEmpty() ? first : mostFrequent(alphas));
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

    /** @param path of the module in the part */
    double of(String path, LoraModule module) {
        double rank = module.rank();
        double own = hasSettings() || Double.isNaN(module.alpha) ? alpha : module.alpha;
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

    private boolean hasSettings() {
        return !setting("lora_alpha").isMissingNode();
    }
}
