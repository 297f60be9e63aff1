package io.ruido.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.nn.Activation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/** The settings of a model's {@code config.json}: each must be one that the model understands. */
public final class ModelSettings {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** More than any model has of anything. */
    private static final int LARGEST = 1 << 24;

    private static final int MOST_LAYERS = 1_000;

    private final String model;
    private final JsonNode json;
    private final Set<String> known = new HashSet<>();

    public ModelSettings(String model, JsonNode json) {
        this.model = model;
        this.json = json;
    }

    public static JsonNode read(Path folder) throws IOException {
        return JSON.readTree(folder.resolve("config.json").toFile());
    }

    /** A size or a number of parts, at least 1. */
    public int number(String name, int missing) {
        return number(name, 1, missing);
    }

    /** A whole number that is at least so large. */
    public int number(String name, int least, int missing) {
        JsonNode value = value(name);
        return value.isMissingNode() ? missing : checkedInt(name, value, least);
    }

    public double decimal(String name, double missing) {
        JsonNode value = value(name);
        if (!value.isMissingNode() && !value.isNumber()) {
            throw unsupported(name, "a number");
        }
        return value.asDouble(missing);
    }

    public boolean flag(String name, boolean missing) {
        JsonNode value = value(name);
        if (!value.isMissingNode() && !value.isBoolean()) {
            throw unsupported(name, "true or false");
        }
        return value.asBoolean(missing);
    }

    public String text(String name, Set<String> supported, String missing) {
        String value = value(name).asText(missing);
        if (!supported.contains(value)) {
            throw unsupported(name, String.join(", ", new TreeSet<>(supported)));
        }
        return value;
    }

    /** A list of numbers of at least 1; one number stands for that many equal ones. */
    public List<Integer> numbers(String name, int count, int missing) {
        JsonNode value = value(name);
        if (!value.isArray()) {
            return Collections.nCopies(count, value.isMissingNode() ? missing : checkedInt(name, value, 1));
        }
        if (value.size() != count) {
            throw unsupported(name, count + " numbers");
        }
        List<Integer> numbers = new ArrayList<>();
        value.forEach(number -> numbers.add(checkedInt(name, number, 1)));
        return List.copyOf(numbers);
    }

    public List<Integer> numbers(String name, List<Integer> missing) {
        JsonNode value = value(name);
        return value.isMissingNode() ? missing : numbers(name, value.size(), 0);
    }

    /** A list of decimal numbers. */
    public List<Double> decimals(String name, List<Double> missing) {
        JsonNode value = value(name);
        if (value.isMissingNode()) {
            return missing;
        }
        List<Double> decimals = new ArrayList<>();
        value.forEach(number -> decimals.add(number.asDouble(Double.NaN)));
        if (!value.isArray() || decimals.contains(Double.NaN)) {
            throw unsupported(name, "a list of numbers");
        }
        return List.copyOf(decimals);
    }

    /** Whether a list is not there, or has no elements. */
    public boolean isEmpty(String name) {
        return value(name).isEmpty();
    }

    /** Whether a setting is not there, or null. */
    public boolean absent(String name) {
        return value(name).isMissingNode();
    }

    /** Whether a setting is null, where that does not mean its default. */
    public boolean isNull(String name) {
        return json.path(name).isNull();
    }

    public OptionalInt optionalNumber(String name) {
        return absent(name) ? OptionalInt.empty() : OptionalInt.of(number(name, 0));
    }

    /** One of some names; null means that the thing is left out. */
    public Optional<String> optionalText(String name, Set<String> supported, String missing) {
        return isNull(name) ? Optional.empty() : Optional.of(text(name, supported, missing));
    }

    public Activation activation(String name, String missing) {
        return Activation.of(text(name, Set.copyOf(Activation.names()), missing));
    }

    public Optional<Activation> optionalActivation(String name) {
        return absent(name) ? Optional.empty() : Optional.of(activation(name, ""));
    }

    public int choice(String name, List<Integer> supported, int missing) {
        int value = number(name, 0, missing);
        if (!supported.contains(value)) {
            throw unsupported(name, supported.toString());
        }
        return value;
    }

    /** Height and width, for which one number can stand. */
    public List<Integer> size(String name, int missing) {
        return numbers(name, 2, missing);
    }

    /** A flag for each of several levels, or one for all. */
    public List<Boolean> flags(String name, int count, boolean missing) {
        JsonNode value = value(name);
        if (!value.isArray()) {
            return Collections.nCopies(count, flag(name, missing));
        }
        List<Boolean> flags = new ArrayList<>();
        value.forEach(flag -> flags.add(flag.asBoolean()));
        if (flags.size() != count) {
            throw unsupported(name, count + " of true or false");
        }
        return List.copyOf(flags);
    }

    /**
     * A number for each layer of each level: given one by one, or one number for a level, or one for all.
     *
     * @param layers number of layers of each level
     */
    public List<List<Integer>> counts(String name, List<Integer> layers, int missing) {
        JsonNode value = value(name);
        if (layers.stream().anyMatch(count -> count > MOST_LAYERS)) {
            throw new IllegalArgumentException(
                    "%s: has %s layers; supported: at most %d in each level".formatted(model, layers, MOST_LAYERS));
        }
        List<List<Integer>> counts = new ArrayList<>();
        for (int level = 0; level < layers.size(); level++) {
            JsonNode own = value.isArray() ? value.path(level) : value;
            List<Integer> numbers = new ArrayList<>();
            for (int layer = 0; layer < layers.get(level); layer++) {
                JsonNode number = own.isArray() ? own.path(layer) : own;
                numbers.add(value.isMissingNode() ? missing : checkedInt(name, number, 0));
            }
            counts.add(numbers);
        }
        if (value.isArray() && value.size() != layers.size()) {
            throw unsupported(name, layers.size() + " numbers");
        }
        return counts;
    }

    /** A list of names, each one of those that are supported. */
    public List<String> texts(String name, int count, Set<String> supported, List<String> missing) {
        JsonNode value = value(name);
        List<String> texts = new ArrayList<>(value.isMissingNode() ? missing : List.of());
        value.forEach(text -> texts.add(text.asText().replaceFirst("^UNetRes", ""))); // as of old
        if (texts.size() != count || !supported.containsAll(texts)) {
            throw unsupported(name, count + " of " + String.join(", ", new TreeSet<>(supported)));
        }
        return List.copyOf(texts);
    }

    /** Declares a setting that has one supported value, which is also its default. */
    public void only(String name, Object supported) {
        JsonNode value = value(name);
        boolean same =
                switch (supported) {
                    case Number number -> value.isNumber() && value.asDouble() == number.doubleValue();
                    default -> value.asText().equals(supported.toString());
                };
        if (!value.isMissingNode() && !same) {
            throw unsupported(name, supported.toString());
        }
    }

    /** Declares settings that do not change what the model computes. */
    public void ignore(String... names) {
        known.addAll(Set.of(names));
    }

    /** Rejects every other setting that is switched on. */
    public void rejectUnknown() {
        json.properties().forEach(setting -> {
            JsonNode value = setting.getValue();
            boolean off = value.isNull() || value.isBoolean() && !value.booleanValue();
            if (!off && !setting.getKey().startsWith("_") && !known.contains(setting.getKey())) {
                throw unsupported(setting.getKey(), "absent, null or false");
            }
        });
    }

    private JsonNode value(String name) {
        known.add(name);
        JsonNode value = json.path(name);
        return value.isNull() ? json.path("") : value; // null means missing
    }

    private int checkedInt(String name, JsonNode value, int least) {
        if (!value.isIntegralNumber()
                || !value.canConvertToInt()
                || value.intValue() < least
                || value.intValue() > LARGEST) {
            throw unsupported(name, "a whole number from %d to %d".formatted(least, LARGEST));
        }
        return value.intValue();
    }

    /** The refusal of a setting. */
    public IllegalArgumentException unsupported(String name, String supported) {
        return new IllegalArgumentException(
                "%s: setting %s is %s; supported: %s".formatted(model, name, json.path(name), supported));
    }
}
