package io.ruido.job;

/** A value that a job, a message or a setting cannot have. The message names the field and the value. */
public final class InvalidFieldException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final String field;
    private final String value;
    private final String reason;

    public InvalidFieldException(String field, Object value, String reason) {
        super("%s: %s (was %s)".formatted(field, reason, quoted(value)));
        this.field = field;
        this.value = shortened(value);
        this.reason = reason;
    }

    public String field() {
        return field;
    }

    /** As text, shortened when long; null when there was none. */
    public String value() {
        return value;
    }

    public String reason() {
        return reason;
    }

    static void check(boolean valid, String field, Object value, String reason) {
        if (!valid) {
            throw new InvalidFieldException(field, value, reason);
        }
    }

    private static String quoted(Object value) {
        return value instanceof String ? '"' + shortened(value) + '"' : String.valueOf(value);
    }

    private static String shortened(Object value) {
        String text = value == null ? null : value.toString();
        return text == null || text.length() <= 80 ? text : text.substring(0, 80) + "…";
    }
}
