package io.ruido.redis;

import io.ruido.job.InvalidFieldException;
import io.ruido.job.StepCost;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The tenant, deadline and other options of a submitted job.
 *
 * @param tenant the owner of the job
 * @param maxQueued the maximum number of the tenant's jobs that wait for one model
 * @param expiresIn the time after which the job is EXPIRED unless it is finished
 * @param key the Idempotency-Key, with which the client can repeat the request
 * @param webhook the address to call, and for which events
 * @param cost the cost of the model's steps, for fairness between tenants
 */
public record SubmitOptions(
        String tenant,
        int maxQueued,
        Optional<Duration> expiresIn,
        Optional<Key> key,
        Optional<Receiver> webhook,
        StepCost cost) {
    /** The tenant of clients when no key is required. */
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

    /** Creates options without a webhook. */
    public SubmitOptions(String tenant, int maxQueued, Optional<Duration> expiresIn, Optional<Key> key) {
        this(tenant, maxQueued, expiresIn, key, Optional.empty(), StepCost.PIXELS);
    }

    /** Returns options without deadline, key and limit. */
    public static SubmitOptions of(String tenant) {
        return new SubmitOptions(tenant, Integer.MAX_VALUE, Optional.empty(), Optional.empty());
    }

    /**
     * The receiver of a job's webhook.
     *
     * @param address URL to call
     * @param events events for which it is called
     */
    public record Receiver(URI address, Set<WebhookEvent> events) {
        public Receiver {
            boolean web = "http".equals(address.getScheme()) || "https".equals(address.getScheme());
            if (!web || address.getHost() == null || address.getUserInfo() != null) {
                throw new InvalidFieldException(
                        "webhook", address, "must be an http:// or https:// address with a host and without a user");
            }
            events = Set.copyOf(events);
        }
    }

    /**
     * @param value key as the client sent it
     * @param fingerprint hash of the request, without spaces
     * @param keptFor time for which it is kept after its first use
     */
    public record Key(String value, String fingerprint, Duration keptFor) {}
}
