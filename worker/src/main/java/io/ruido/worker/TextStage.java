package io.ruido.worker;

import io.ruido.job.Job;
import io.ruido.job.SamplingJob;
import io.ruido.job.SamplingParams;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.redis.ConditioningCache;
import io.ruido.worker.models.Conditioning;
import io.ruido.worker.models.Model;
import io.ruido.worker.models.Models;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Encodes texts, with the image of models that encode it, and caches the result under the hash of what it was made from. */
final class TextStage {
    /** Part of the keys: what another release has cached must not be read. */
    private static final String FORMAT = "3";

    private final Models models;
    private final SourceImages sources;
    private final ConditioningCache cache;
    private final Retry retry;

    TextStage(Models models, SourceImages sources, ConditioningCache cache, Retry retry) {
        this.models = models;
        this.sources = sources;
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
        Model model = models.get(job.params().model());
        Optional<RgbImage> image = encodesImage(job.params())
                ? sources.of(job.params()).map(SampleRequest.Source::image)
                : Optional.empty();
        Conditioning conditioning = model.encode(job.prompt(), job.negativePrompt(), image);
        retry.await(() -> cache.put(key, conditioning.toBytes()));
        return conditioning;
    }

    private boolean encodesImage(SamplingParams params) {
        return params.source() != null && models.get(params.model()).encodesImages();
    }

    private String key(Job job) {
        SamplingParams params = job.params();
        String seen = encodesImage(params)
                ? "%s %dx%d".formatted(params.source().image().object(), params.width(), params.height())
                : "";
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            for (String part : List.of(FORMAT, params.model(), job.prompt(), job.negativePrompt(), seen)) {
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
