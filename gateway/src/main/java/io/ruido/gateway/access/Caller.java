package io.ruido.gateway.access;

import io.ruido.job.JobStatus;
import io.ruido.redis.SubmitOptions;
import io.vertx.ext.web.RoutingContext;

/**
 * Who sent a request.
 *
 * @param name of the key, or empty where none is needed
 * @param tenant whose jobs it submits and sees
 * @param admin whether it sees everybody's jobs, and the metrics
 * @param requestsPerMinute at most, or null
 * @param imagesPerDay at most, or null
 */
public record Caller(String name, String tenant, boolean admin, Integer requestsPerMinute, Integer imagesPerDay) {
    /** The caller where no key is needed. */
    static final Caller ANYBODY = new Caller("", SubmitOptions.DEFAULT_TENANT, true, null, null);

    private static final String KEY = "caller";

    public static Caller of(RoutingContext ctx) {
        return ctx.get(KEY);
    }

    public void put(RoutingContext ctx) {
        ctx.put(KEY, this);
    }

    /** The same without an administrator's rights, where only its own jobs are meant. */
    public Caller withoutAdmin() {
        return new Caller(name, tenant, false, requestsPerMinute, imagesPerDay);
    }

    public boolean sees(JobStatus job) {
        return admin || tenant.equals(job.tenant());
    }
}
