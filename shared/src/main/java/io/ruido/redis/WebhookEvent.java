package io.ruido.redis;

import java.util.Locale;

/** What a receiver can be told of a job. */
public enum WebhookEvent {
    STARTED,
    /** At most every ten seconds. */
    PROGRESS,
    ENDED;

    /** As jobs name it, and Redis keeps it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException when there is no such event */
    public static WebhookEvent of(String label) {
        return valueOf(label.toUpperCase(Locale.ROOT));
    }
}
