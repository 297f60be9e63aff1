package io.ruido.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The settings of a model's {@code config.json}: each must be one that the model understands. */
final class Settings {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String model;
    private final JsonNode json;
    private final Set<String> known = new HashSet<>();

    Settings(String model, JsonNode json) {
        this.model = model;
        this.json = json;
    }

    static JsonNode read(Path folder) throws IOException {
        return JSON.readTree(folder.resolve("config.json").toFile());
    }

    int number(String name, int missing) {
        JsonNode value = value(name);
        return value.isMissingNode() ? missing : checkedInt(name, value);
    }

    double decimal(String name, double missing) {
        JsonNode value = value(name);
        if (!value.isMissingNode() && !value.isNumber()) {
            throw unsupported(name, "a number");
        }
        return value.asDouble(missing);
    }

    boolean flag(String name, boolean missing) {
        JsonNode value = value(name);
        if (!value.isMissingNode() && !value.isBoolean()) {
            throw unsupported(name, "true or false");
        }
        return value.asBoolean(missing);
    }

    String text(String name, Set<String> supported, String missing) {
        String value = value(name).asText(missing);
        if (!supported.contains(value)) {
            throw unsupported(name, String.join(", ", new TreeSet<>(supported)));
        }
        return value;
    }

    /** A list of numbers; one number stands for that many equal ones. */
    List<Integer> numbers(String name, int count, int missing) {
        JsonNode value = value(name);
        if (!value.isArray()) {
            return Collections.nCopies(count, value.isMissingNode() ? missing : checkedInt(name, value));
        }
        if (value.size() != count) {
            throw unsupported(name, count + " numbers");
        }
        List<Integer> numbers = new ArrayList<>();
        value.forEach(number -> numbers.add(checkedInt(name, number)));
        return List.copyOf(numbers);
    }

    List<Integer> numbers(String name, List<Integer> missing) {
        JsonNode value = value(name);
        return value.isMissingNode() ? missing : numbers(name, value.size(), 0);
    }

    /** A list of names, each one of those that are supported. */
    List<String> texts(String name, int count, Set<String> supported, String missing) {
        JsonNode value = value(name);
        if (value.isMissingNode()) {
            return Collections.nCopies(count, missing);
        }
        List<String> texts = new ArrayList<>();
        value.forEach(text -> texts.add(text.asText()));
        if (texts.size() != count || !supported.containsAll(texts)) {
            throw unsupported(name, count + " of " + String.join(", ", new TreeSet<>(supported)));
        }
        return List.copyOf(texts);
    }

    /** Declares a setting that has one supported value, which is also its default. */
    void only(String name, Object supported) {
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
    void ignore(String... names) {
        known.addAll(Set.of(names));
    }

    /** Rejects every other setting that is switched on. */
    void rejectUnknown() {
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

    private int checkedInt(String name, JsonNode value) {
        if (!value.isIntegralNumber()) {
            throw unsupported(name, "a whole number");
        }
        return value.intValue();
    }

    private IllegalArgumentException unsupported(String name, String supported) {
        return new IllegalArgumentException(
                "%s: setting %s is %s; supported: %s".formatted(model, name, json.path(name), supported));
    }
}
