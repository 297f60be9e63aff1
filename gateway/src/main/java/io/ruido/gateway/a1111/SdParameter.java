package io.ruido.gateway.a1111;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One parameter of {@code txt2img} or {@code img2img}. A null is a parameter that was not given.
 *
 * @param needs parameter without which this one changes nothing, or null
 * @param effect for the table of {@code docs/compatibility.md}
 */
record SdParameter(String name, Type type, Rule rule, String needs, String effect) {
    /** What values are read as: AUTOMATIC1111 takes "7", 7 and 7.0 for the same number, and "False" for false. */
    enum Type {
        TEXT,
        WHOLE,
        NUMBER,
        FLAG,
        LIST,
        OBJECT,
        ANY
    }

    sealed interface Rule {}

    /** The value is used. */
    record Honoured() implements Rule {}

    /** These values, which change nothing, are accepted; all others are refused. */
    record Neutral(List<Object> values) implements Rule {}

    /** Any value is accepted, because none changes anything. */
    record Ignored() implements Rule {}

    static SdParameter honoured(String name, Type type, String effect) {
        return new SdParameter(name, type, new Honoured(), null, effect);
    }

    static SdParameter neutral(String name, Type type, Object... values) {
        String allowed = Arrays.stream(values).map(SdParameter::literal).collect(Collectors.joining(" or "));
        return new SdParameter(name, type, new Neutral(List.of(values)), null, "only " + allowed);
    }

    static SdParameter ignored(String name, String effect) {
        return new SdParameter(name, Type.ANY, new Ignored(), null, effect);
    }

    /** The same, of no effect without another parameter. */
    SdParameter with(String other) {
        return new SdParameter(name, type, rule, other, effect + "; of no effect without `" + other + "`");
    }

    /**
     * The value as its type has it.
     *
     * @throws IllegalArgumentException saying what it must be
     */
    Object read(Object value) {
        return switch (type) {
            case TEXT -> value instanceof String ? value : fail("a text");
            case WHOLE -> whole(value);
            case NUMBER -> number(value);
            case FLAG -> flag(value);
            case LIST -> value instanceof JsonArray ? value : fail("a list");
            case OBJECT -> value instanceof JsonObject ? value : fail("an object");
            case ANY -> value;
        };
    }

    /** Whether the value changes nothing. */
    boolean isNeutral(Object value) {
        return rule instanceof Neutral(List<Object> values) && values.stream().anyMatch(other -> same(other, value));
    }

    private static boolean same(Object neutral, Object value) {
        return switch (value) {
            case Number number when neutral instanceof Number other -> number.doubleValue() == other.doubleValue();
            case String text
            when neutral instanceof String other -> text.strip().equalsIgnoreCase(other);
            case JsonArray list
            when neutral instanceof List<?> other -> list.getList().equals(other);
            case JsonObject object
            when neutral instanceof Map<?, ?> other -> object.getMap().equals(other);
            default -> neutral.equals(value);
        };
    }

    private static Number whole(Object value) {
        BigDecimal number = decimal(value, "a whole number");
        try {
            return number.longValueExact();
        } catch (ArithmeticException e) {
            return fail("a whole number");
        }
    }

    private static Number number(Object value) {
        return decimal(value, "a number").doubleValue();
    }

    private static BigDecimal decimal(Object value, String wanted) {
        try {
            return value instanceof Number || value instanceof String
                    ? new BigDecimal(value.toString().strip())
                    : fail(wanted);
        } catch (NumberFormatException e) {
            return fail(wanted);
        }
    }

    private static Boolean flag(Object value) {
        return switch (String.valueOf(value).toLowerCase(Locale.ROOT)) {
            case "true", "1", "1.0", "on", "yes" -> true;
            case "false", "0", "0.0", "off", "no" -> false;
            default -> fail("true or false");
        };
    }

    private static <T> T fail(String wanted) {
        throw new IllegalArgumentException("must be " + wanted);
    }

    private static String literal(Object value) {
        String text =
                value instanceof String ? '"' + value.toString() + '"' : value instanceof Map ? "{}" : value.toString();
        return '`' + text + '`';
    }
}
