package io.ruido.job;

/** An invalid value of a job, a message or a setting. The message names the field and the value. */
public final class InvalidFieldException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final String field;
    private final transient Object value;
    private final String reason;

    public InvalidFieldException(String field, Object value, String reason) {
        super("%s: %s (was %s)".formatted(field, reason, quoted(value)));
        this.field = field;
        this.value = value;
        this.reason = reason;
    }

    public String field() {
        return field;
    }

    /** Returns the invalid value, or null when it is missing. */
    public Object value() {
        return value;
    }

    public String reason() {
        return reason;
    }

    /**
     * Checks a value.
     *
     * @throws InvalidFieldException unless it is valid
     */
    public static void check(boolean valid, String field, Object value, String reason) {
        if (!valid) {
            throw new InvalidFieldException(field, value, reason);
        }
    }

    private static String quoted(Object value) {
        if (!(value instanceof String text)) {
            return String.valueOf(value);
        }
        return '"' + (text.length() > 80 ? text.substring(0, 80) + "…" : text) + '"';
    }
}
