package io.ruido.worker;

import io.ruido.job.Job;
import io.ruido.job.SamplingJob;
import io.ruido.redis.ConditioningCache;
import io.ruido.worker.models.Conditioning;
import io.ruido.worker.models.Models;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Encodes texts and caches the result under the hash of what it was made from. */
final class TextStage {
    /** Part of the keys: what another release has cached must not be read. */
    private static final String FORMAT = "2";

    private final Models models;
    private final ConditioningCache cache;
    private final Retry retry;

    TextStage(Models models, ConditioningCache cache, Retry retry) {
        this.models = models;
        this.cache = cache;
        this.retry = retry;
    }

    /** @return the key of the job's encoded text */
    String encode(Job job) {
        String key = key(job);
        if (retry.await(() -> cache.get(key)).isEmpty()) {
            encode(job, key);
        }
        return key;
    }

    /** The job's encoded text: encoded again when the cache has forgotten it. */
    Conditioning conditioning(SamplingJob job) {
        String key = job.conditioningKey() == null ? key(job) : job.conditioningKey();
        return retry.await(() -> cache.get(key)).map(Conditioning::fromBytes).orElseGet(() -> encode(job, key));
    }

    private Conditioning encode(Job job, String key) {
        Conditioning conditioning = models.get(job.params().model()).encode(job.prompt(), job.negativePrompt());
        retry.await(() -> cache.put(key, conditioning.toBytes()));
        return conditioning;
    }

    private static String key(Job job) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            for (String part : List.of(FORMAT, job.params().model(), job.prompt(), job.negativePrompt())) {
                byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
                sha256.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
                sha256.update(bytes);
            }
            return HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
