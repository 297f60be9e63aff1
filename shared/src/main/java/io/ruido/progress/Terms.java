package io.ruido.progress;

import io.ruido.job.InvalidFieldException;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * On whose account and until when a job is submitted.
 *
 * @param tenant who is served by it
 * @param maxQueued how many jobs of the tenant may wait for one model
 * @param expiresIn after which it is EXPIRED unless it is finished
 * @param key under which the client may submit it again without getting a second one
 */
public record Terms(String tenant, int maxQueued, Optional<Duration> expiresIn, Optional<Key> key) {
    /** Whose jobs are those of clients that nobody asked who they are. */
    public static final String DEFAULT_TENANT = "default";

    private static final Pattern TENANT = Pattern.compile("[A-Za-z0-9._-]{1,100}");

    public Terms {
        if (tenant == null || !TENANT.matcher(tenant).matches()) {
            throw new InvalidFieldException("tenant", tenant, "must match " + TENANT.pattern());
        }
        if (maxQueued < 1) {
            throw new InvalidFieldException("maxQueued", maxQueued, "must be at least 1");
        }
    }

    /** No deadline, no key, no limit. */
    public static Terms of(String tenant) {
        return new Terms(tenant, Integer.MAX_VALUE, Optional.empty(), Optional.empty());
    }

    /**
     * @param value as the client named it
     * @param fingerprint of what it was used for, without spaces
     * @param keptFor from the first use on
     */
    public record Key(String value, String fingerprint, Duration keptFor) {}
}
