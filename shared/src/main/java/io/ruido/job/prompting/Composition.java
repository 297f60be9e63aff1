package io.ruido.job.prompting;

import static io.ruido.job.InvalidFieldException.check;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Composable diffusion (Liu et al., 2022, §3.2): texts between {@code AND}, each of which guides by itself, with its weight at its
 * end, {@code a cat :1.2 AND a dog}.
 */
public final class Composition {
    private static final Pattern AND = Pattern.compile("\\bAND\\b");
    private static final Pattern WEIGHT = Pattern.compile("\\s*+([-+]?(?:\\d*+\\.\\d++|\\d++\\.?))\\s*+");
    private static final String SPACES = " \t\n\u000B\f\r";

    /** One of the texts, which may have editing and emphasis. */
    public record Part(String text, double weight) {}

    /** The weight multiplies the guidance of every step; larger ones end in numbers that no float has. */
    private static final double MOST = 100;

    private Composition() {}

    /** @throws io.ruido.job.InvalidFieldException when a weight is not from -100 to 100 */
    public static List<Part> parse(String prompt) {
        return Arrays.stream(AND.split(prompt, -1)).map(Composition::part).toList();
    }

    private static Part part(String text) {
        int colon = text.lastIndexOf(':');
        Matcher number = WEIGHT.matcher(text.substring(colon + 1));
        if (colon < 0 || !number.matches()) {
            return new Part(withoutSpacesAtEnd(text), 1);
        }
        double weight = Double.parseDouble(number.group(1));
        check(Math.abs(weight) <= MOST, "prompt", text, "must have weights from -100 to 100");
        return new Part(withoutSpacesAtEnd(text.substring(0, colon)), weight);
    }

    private static String withoutSpacesAtEnd(String text) {
        int end = text.length();
        while (end > 0 && SPACES.indexOf(text.charAt(end - 1)) >= 0) {
            end--;
        }
        return text.substring(0, end);
    }
}
