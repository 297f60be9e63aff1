package io.ruido.job.prompting;

import io.ruido.job.InvalidFieldException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The {@code <lora:name:weight>} in prompts of {@link PromptSyntax#A1111}. */
public final class ExtraNetworks {
    private static final Pattern TAG = Pattern.compile("<(\\w++):([^>]++)>");

    private ExtraNetworks() {}

    /** The prompt without them. */
    public static String without(String prompt) {
        return TAG.matcher(prompt).replaceAll("");
    }

    /** @throws InvalidFieldException naming one that is not understood */
    public static List<LoraUse> in(String prompt) {
        List<LoraUse> loras = new ArrayList<>();
        Matcher tags = TAG.matcher(prompt);
        while (tags.find()) {
            if (!tags.group(1).equals("lora") && !tags.group(1).equals("lyco")) {
                throw new InvalidFieldException("prompt", tags.group(), "only <lora:NAME:WEIGHT> is supported");
            }
            loras.add(lora(tags.group(), tags.group(2)));
        }
        return loras;
    }

    /** {@code name}, {@code name:0.8}, {@code name:0.8:0.5} with the weight of text encoders first, or by name. */
    private static LoraUse lora(String tag, String arguments) {
        List<String> positional = new ArrayList<>();
        Map<String, String> named = new LinkedHashMap<>();
        for (String argument : arguments.split(":")) {
            String[] parts = argument.split("=", 2);
            if (parts.length == 2) {
                named.put(parts[0], parts[1]);
            } else {
                positional.add(argument);
            }
        }
        try {
            double text = Double.parseDouble(positional.size() > 1 ? positional.get(1) : "1");
            double weight = positional.size() > 2 ? Double.parseDouble(positional.get(2)) : text;
            text = named.containsKey("te") ? Double.parseDouble(named.remove("te")) : text;
            weight = named.containsKey("unet") ? Double.parseDouble(named.remove("unet")) : weight;
            if (positional.isEmpty() || positional.size() > 3 || !named.isEmpty()) {
                throw new InvalidFieldException("prompt", tag, "must be <lora:NAME:WEIGHT>");
            }
            return new LoraUse(positional.getFirst().strip(), weight, text == weight ? null : text);
        } catch (NumberFormatException e) {
            throw new InvalidFieldException("prompt", tag, "must have numbers as weights");
        }
    }
}
