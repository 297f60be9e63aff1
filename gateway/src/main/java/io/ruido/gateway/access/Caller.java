package io.ruido.gateway.access;

import io.ruido.job.JobStatus;
import io.ruido.redis.SubmitOptions;
import io.vertx.ext.web.RoutingContext;

/**
 * Who sent a request.
 *
 * @param name name of the key, or empty if no key is required
 * @param tenant tenant whose jobs it submits and sees
 * @param admin whether it sees everybody's jobs, and the metrics
 * @param requestsPerMinute maximum number of requests, or null
 * @param imagesPerDay maximum number of images, or null
 */
public record Caller(String name, String tenant, boolean admin, Integer requestsPerMinute, Integer imagesPerDay) {
    /** The caller if no key is required. */
    static final Caller ANYBODY = new Caller("", SubmitOptions.DEFAULT_TENANT, true, null, null);

    private static final String KEY = "caller";

    public static Caller of(RoutingContext ctx) {
        return ctx.get(KEY);
    }

    public void put(RoutingContext ctx) {
        ctx.put(KEY, this);
    }

    /** Returns the caller without an administrator's rights, for requests about its own jobs only. */
    public Caller withoutAdmin() {
        return new Caller(name, tenant, false, requestsPerMinute, imagesPerDay);
    }

    public boolean sees(JobStatus job) {
        return admin || tenant.equals(job.tenant());
    }
}
