package io.ruido.job;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Which of a model's two queues a job waits in. */
public enum Priority {
    INTERACTIVE,
    BATCH;

    @JsonValue
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
