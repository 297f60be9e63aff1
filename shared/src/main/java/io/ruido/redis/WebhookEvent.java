package io.ruido.redis;

import java.util.Locale;

/** The events of a job that a receiver can get. */
public enum WebhookEvent {
    STARTED,
    /** Progress, at most every ten seconds. */
    PROGRESS,
    ENDED;

    /** Returns the name in jobs and in Redis. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Returns the event with a name.
     *
     * @throws IllegalArgumentException when there is no such event
     */
    public static WebhookEvent of(String label) {
        return valueOf(label.toUpperCase(Locale.ROOT));
    }
}
