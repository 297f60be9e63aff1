package io.ruido.job;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** A job's priority: which of its model's two queues it waits in. */
public enum Priority {
    INTERACTIVE,
    BATCH;

    @JsonValue
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
