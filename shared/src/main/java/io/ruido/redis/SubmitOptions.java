package io.ruido.redis;

import io.ruido.job.InvalidFieldException;
import io.ruido.job.StepCost;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * On whose account and until when a job is submitted.
 *
 * @param tenant who is served by it
 * @param maxQueued how many jobs of the tenant may wait for one model
 * @param expiresIn after which it is EXPIRED unless it is finished
 * @param key under which the client may submit it again without getting a second one
 * @param webhook whom to tell of it, and of what
 * @param cost of the model's steps, by which tenants are served in turn
 */
public record SubmitOptions(
        String tenant,
        int maxQueued,
        Optional<Duration> expiresIn,
        Optional<Key> key,
        Optional<Receiver> webhook,
        StepCost cost) {
    /** The tenant of clients that need no key. */
    public static final String DEFAULT_TENANT = "default";

    private static final Pattern TENANT = Pattern.compile("[A-Za-z0-9._-]{1,100}");

    public SubmitOptions {
        if (tenant == null || !TENANT.matcher(tenant).matches()) {
            throw new InvalidFieldException("tenant", tenant, "must match " + TENANT.pattern());
        }
        if (maxQueued < 1) {
            throw new InvalidFieldException("maxQueued", maxQueued, "must be at least 1");
        }
    }

    /** Nobody is to be told of it. */
    public SubmitOptions(String tenant, int maxQueued, Optional<Duration> expiresIn, Optional<Key> key) {
        this(tenant, maxQueued, expiresIn, key, Optional.empty(), StepCost.PIXELS);
    }

    /** No deadline, no key, no limit. */
    public static SubmitOptions of(String tenant) {
        return new SubmitOptions(tenant, Integer.MAX_VALUE, Optional.empty(), Optional.empty());
    }

    /**
     * Who is told of a job.
     *
     * @param address to call
     * @param events of which it is told
     */
    public record Receiver(URI address, Set<WebhookEvent> events) {
        public Receiver {
            boolean web = "http".equals(address.getScheme()) || "https".equals(address.getScheme());
            if (!web || address.getHost() == null || address.getUserInfo() != null) {
                throw new InvalidFieldException(
                        "webhook", address, "must be http:// or https:// with a host and no user");
            }
            events = Set.copyOf(events);
        }
    }

    /**
     * @param value as the client named it
     * @param fingerprint of what it was used for, without spaces
     * @param keptFor from the first use on
     */
    public record Key(String value, String fingerprint, Duration keptFor) {}
}
