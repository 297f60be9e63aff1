package io.ruido.diffusion.schedules;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * The settings of one of diffusers' schedulers: what the configuration says about them, else the scheduler's defaults. A
 * value that its sampler does not understand is refused by name.
 */
public final class SchedulerSettings {
    private final String scheduler;
    private final ObjectNode values;

    /** @param defaults defaults of all settings of the scheduler; other settings are ignored, as in diffusers */
    SchedulerSettings(String scheduler, ObjectNode defaults, ObjectNode json) {
        this.scheduler = scheduler;
        values = defaults.deepCopy();
        json.properties().stream()
                .filter(setting -> defaults.has(setting.getKey()))
                .forEach(setting -> values.set(setting.getKey(), setting.getValue()));
    }

    public int number(String name, int least, int most) {
        JsonNode value = values.path(name);
        if (!value.isIntegralNumber() || value.intValue() < least || value.intValue() > most) {
            throw unsupported(name, "a whole number from %d to %d".formatted(least, most));
        }
        return value.intValue();
    }

    public double decimal(String name) {
        JsonNode value = values.path(name);
        if (!value.isNumber()) {
            throw unsupported(name, "a number");
        }
        return value.asDouble();
    }

    public double decimal(String name, double least, double most) {
        double value = decimal(name);
        if (!(value >= least && value <= most)) {
            throw unsupported(name, "a number from %s to %s".formatted(least, most));
        }
        return value;
    }

    /** A number that may be null. */
    public double decimalOr(String name, double absent) {
        return isAbsent(name) ? absent : decimal(name);
    }

    /** A seed that may be null. */
    public OptionalLong seedOrNone(String name) {
        JsonNode value = values.path(name);
        if (!isAbsent(name) && !(value.isIntegralNumber() && value.canConvertToLong() && value.longValue() >= 0)) {
            throw unsupported(name, "a whole number of at least 0, or null");
        }
        return isAbsent(name) ? OptionalLong.empty() : OptionalLong.of(value.longValue());
    }

    List<Double> decimals(String name) {
        List<Double> decimals = new ArrayList<>();
        for (JsonNode element : values.path(name)) {
            decimals.add(element.asDouble(Double.NaN));
        }
        if (decimals.contains(Double.NaN) || decimals.isEmpty() && !isAbsent(name)) {
            throw unsupported(name, "a list of numbers");
        }
        return decimals;
    }

    public Set<Integer> numbers(String name) {
        Set<Integer> numbers = new HashSet<>();
        for (JsonNode element : values.path(name)) {
            if (!element.isInt()) {
                throw unsupported(name, "a list of whole numbers");
            }
            numbers.add(element.intValue());
        }
        return numbers;
    }

    /** False where the scheduler does not have the setting, or it is null. */
    public boolean flag(String name) {
        if (!isAbsent(name) && !values.path(name).isBoolean()) {
            throw unsupported(name, "true or false");
        }
        return values.path(name).booleanValue();
    }

    public String text(String name, Set<String> supported) {
        String value = values.path(name).asText();
        if (!supported.contains(value)) {
            throw unsupported(name, String.join(", ", new TreeSet<>(supported)));
        }
        return value;
    }

    /** One of the constants of an enum whose {@code toString} are the settings' values. */
    public <E extends Enum<E>> E choice(String name, Class<E> type) {
        for (E constant : type.getEnumConstants()) {
            if (constant.toString().equals(values.path(name).asText())) {
                return constant;
            }
        }
        throw unsupported(name, List.of(type.getEnumConstants()).toString());
    }

    public boolean is(String name, String value) {
        return values.path(name).asText().equals(value);
    }

    public boolean isAbsent(String name) {
        return values.path(name).isNull() || values.path(name).isMissingNode();
    }

    public IllegalArgumentException unsupported(String name, String supported) {
        return new IllegalArgumentException(
                "%s: setting %s is %s; supported: %s".formatted(scheduler, name, values.path(name), supported));
    }
}
