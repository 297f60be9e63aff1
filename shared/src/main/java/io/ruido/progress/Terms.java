package io.ruido.progress;

import java.time.Duration;
import java.util.Optional;

/**
 * On whose account and until when a job is submitted.
 *
 * @param tenant who is served by it
 * @param expiresIn after which it is EXPIRED unless it is finished
 * @param key under which the client may submit it again without getting a second one
 */
public record Terms(String tenant, Optional<Duration> expiresIn, Optional<Key> key) {
    public static final String DEFAULT_TENANT = "default";
    public static final Terms DEFAULT = new Terms(DEFAULT_TENANT, Optional.empty(), Optional.empty());

    /**
     * @param value as the client named it
     * @param fingerprint of what it was used for, without spaces
     * @param keptFor from the first use on
     */
    public record Key(String value, String fingerprint, Duration keptFor) {}
}
