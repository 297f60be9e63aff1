package io.ruido.train.recipe;

import java.util.ArrayList;
import java.util.List;

/** Collects all invalid values of a record, so that they are reported together. */
public final class Problems {
    private final List<String> found = new ArrayList<>();

    public Problems unless(boolean good, String field, String rule, Object value) {
        if (!good) {
            found.add("%s must be %s, was %s".formatted(field, rule, value));
        }
        return this;
    }

    public Problems positive(String field, double value) {
        return unless(value > 0, field, "positive", value);
    }

    public Problems within(String field, double value, double low, double high) {
        return unless(value >= low && value <= high, field, "between " + low + " and " + high, value);
    }

    public Problems present(String field, Object value) {
        return unless(value != null, field, "given", value);
    }

    public Problems absent(String field, Object value) {
        return unless(value == null, field, "absent", value == null ? "" : "given");
    }

    /** Throws if a value is invalid. */
    public void reject() {
        if (!found.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", found));
        }
    }
}
