package io.ruido.progress;

import java.util.UUID;

/**
 * Every key in Redis. The braces are hash tags: a job's hash and its events live in one slot of a cluster, so that one
 * script can change both.
 */
final class RedisKeys {
    /** Sorted set of job ids, all with score 0: ids sort by age as text. */
    static final String JOBS = "ruido:jobs";

    /** Sorted set of job ids, by time, that Kafka has not yet confirmed. */
    static final String UNPUBLISHED = "ruido:unpublished";

    /** Hash of model name to card. */
    static final String MODELS = "ruido:models";

    private RedisKeys() {}

    /** Hash: see {@code state-machine.lua}. */
    static String job(UUID id) {
        return "ruido:job:{" + id + "}";
    }

    /** Stream of events, and the name of the channel that announces them. */
    static String events(UUID id) {
        return "ruido:events:{" + id + "}";
    }

    /** Encoded text, raw bytes. */
    static String conditioning(String contentHash) {
        return "ruido:conditioning:{" + contentHash + "}";
    }
}
