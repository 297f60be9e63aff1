package io.ruido.redis;

import io.ruido.job.SampleId;
import java.util.Optional;
import java.util.UUID;

/**
 * Every key in Redis; {@code queue.lua} appends names to those of a model's queue. The heads of the scripts describe
 * what a key contains. One script changes several keys at once, so all are on one server and its replicas.
 */
final class RedisKeys {
    /** The version of all other keys: see {@link Redis#FORMAT}. */
    static final String FORMAT = "ruido:format";

    /** Sorted set of job ids, all with score 0: ids sort by age as text. */
    static final String JOBS = "ruido:jobs";

    /**
     * Prefix of sorted sets of job ids by state: one for all live jobs, and one for each state of finished jobs. Each
     * tenant has the same sets.
     */
    static final String JOBS_BY_STATE = JOBS + "-by-state:";

    /** The name of {@link #JOBS_BY_STATE}'s set of live jobs. */
    static final String LIVE = "LIVE";

    /** Sorted set of ids of admitted live jobs, by the time at which a gateway checks that Kafka has them. */
    static final String UNPUBLISHED = "ruido:unpublished";

    /** Sorted set of ids of live jobs by the time they expire, and of expired ones that are not yet in the history. */
    static final String DEADLINES = "ruido:deadlines";

    /** Sorted set of ids of finished jobs by the time at which they may be deleted. */
    static final String FINISHED = "ruido:finished";

    /** Sorted set of ids of finished jobs by the time their events may be trimmed. */
    static final String TRIMS = "ruido:trims";

    /** Sorted set of ids of finished jobs by the time of the next webhook call. */
    static final String WEBHOOKS = "ruido:webhooks";

    /** Sorted set of ids of running jobs by the time of the next webhook call. */
    static final String LIVE_WEBHOOKS = "ruido:webhooks:live";

    /** The key with which gateways sign URLs of results. */
    static final String SIGNING_KEY = "ruido:signing-key";

    /** List of webhooks whose delivery was given up, the newest first. */
    static final String DEAD_WEBHOOKS = "ruido:webhooks:dead";

    /** Sorted set of objects, the uploaded images, by the time at which they may be deleted. */
    static final String UPLOADS = "ruido:uploads";

    /** Hash of object to its size in bytes and its tenant. */
    static final String UPLOAD_SIZES = UPLOADS + ":sizes";

    /** Hash of tenant to the bytes of all its objects. */
    static final String UPLOAD_BYTES = UPLOADS + ":bytes";

    /** Hash of tenant to the number of its objects. */
    static final String UPLOAD_COUNTS = UPLOADS + ":counts";

    /** Hash of model name to card. */
    static final String MODELS = "ruido:models";

    /**
     * Sorted set of {@link io.ruido.job.UnavailableModel} by the end of the lease of the worker that cannot serve it.
     */
    static final String UNAVAILABLE_MODELS = MODELS + ":unavailable";

    /**
     * Sorted set of JSON lists of {@link io.ruido.job.prompting.AddOn} by the end of the lease of the worker that has
     * them.
     */
    static final String LORAS = "ruido:loras";

    /** The same for embeddings. */
    static final String EMBEDDINGS = "ruido:embeddings";

    /** Channel with the name of a model when one of its jobs was admitted and must be published. */
    static final String DISPATCH = "ruido:dispatch";

    static final String JOB = "ruido:job:";
    private static final String EVENTS = "ruido:events:";
    private static final String QUEUE = "ruido:queue:";
    private static final String WORKERS = "ruido:workers:";

    private RedisKeys() {}

    /** Returns the names for {@code event.lua}, in its order. */
    static String[] ofScripts() {
        return new String[] {
            JOB,
            EVENTS,
            QUEUE,
            WORKERS,
            JOBS,
            UNPUBLISHED,
            DEADLINES,
            FINISHED,
            DISPATCH,
            WEBHOOKS,
            LIVE_WEBHOOKS,
            TRIMS,
            JOBS_BY_STATE
        };
    }

    /** Hash: see {@code state-machine.lua}. */
    static String job(UUID id) {
        return JOB + "{" + id + "}";
    }

    /** Stream of events, and the name of the channel that announces them. */
    static String events(UUID id) {
        return EVENTS + "{" + id + "}";
    }

    /** Sorted set of a tenant's job ids: see {@code state-machine.lua}. */
    static String jobs(String tenant) {
        return JOBS + ":" + tenant;
    }

    /**
     * Sorted set of the jobs in a state, the newest last.
     *
     * @param group {@link #LIVE} or a final state
     * @param tenant owner of the jobs, or empty for all tenants
     */
    static String jobs(String group, Optional<String> tenant) {
        return JOBS_BY_STATE + group + tenant.map(name -> ":" + name).orElse("");
    }

    /** The secret that signs a tenant's webhooks. */
    static String webhookSecret(String tenant) {
        return "ruido:webhook-secret:" + tenant;
    }

    /** Hash of a tenant's {@link TenantSettings}. */
    static String settings(String tenant) {
        return "ruido:settings:" + tenant;
    }

    /** Token bucket of a limited resource and its user. */
    static String allowance(String what, String who) {
        return "ruido:allowance:" + what + ":" + who;
    }

    /** Sorted set of a model's workers: see {@code queue.lua}. */
    static String workers(String model) {
        return WORKERS + model;
    }

    /** The status of a worker until its lease expires. */
    static String worker(String id) {
        return "ruido:worker:" + id;
    }

    /** Id of the job that a client submitted with this Idempotency-Key, and the fingerprint of the request. */
    static String idempotency(String tenant, String key) {
        return "ruido:idempotency:" + tenant + ":" + key;
    }

    /** Hash of a tenant's upload: see {@code upload.lua}. */
    static String upload(String tenant, String id) {
        return "ruido:upload:" + tenant + ":" + id;
    }

    /** State of an unfinished image, raw bytes. */
    static String checkpoint(SampleId sample) {
        return "ruido:checkpoint:{" + sample.jobId() + "}:" + sample.index();
    }

    /** Encoded text, raw bytes. */
    static String conditioning(String contentHash) {
        return "ruido:conditioning:{" + contentHash + "}";
    }
}
