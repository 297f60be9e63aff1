package io.ruido.worker;

import io.ruido.job.Job;
import io.ruido.job.JobJson;
import io.ruido.job.SamplingJob;
import io.ruido.job.SamplingParams;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.redis.ConditioningCache;
import io.ruido.worker.models.Conditioning;
import io.ruido.worker.models.EmbeddingLibrary;
import io.ruido.worker.models.LoadedLoras;
import io.ruido.worker.models.LoraLibrary;
import io.ruido.worker.models.Model;
import io.ruido.worker.models.Models;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Encodes texts, with the image of models that encode it, and caches the result under the hash of what it was made from. */
final class TextStage {
    /** Part of the keys: what another release has cached must not be read. */
    private static final String FORMAT = "5";

    private final Models models;
    private final SourceImages sources;
    private final ConditioningCache cache;
    private final Retry retry;
    private final LoraLibrary loras;
    private final EmbeddingLibrary embeddings;

    TextStage(
            Models models,
            SourceImages sources,
            LoraLibrary loras,
            EmbeddingLibrary embeddings,
            ConditioningCache cache,
            Retry retry) {
        this.models = models;
        this.sources = sources;
        this.loras = loras;
        this.embeddings = embeddings;
        this.cache = cache;
        this.retry = retry;
    }

    /**
     * The encoded text of a job.
     *
     * @param key under which it is cached
     * @param warnings naming the parts of the prompts that it does not have
     */
    record Encoded(String key, List<String> warnings) {}

    Encoded encode(Job job) {
        String key = key(job);
        Conditioning conditioning =
                retry.await(() -> cache.get(key)).map(Conditioning::fromBytes).orElseGet(() -> encode(job, key));
        return new Encoded(key, conditioning.warnings());
    }

    /** The job's encoded text: encoded again when the cache has forgotten it. */
    Conditioning conditioning(SamplingJob job) {
        String key = job.conditioningKey() == null ? key(job) : job.conditioningKey();
        return retry.await(() -> cache.get(key)).map(Conditioning::fromBytes).orElseGet(() -> encode(job, key));
    }

    private Conditioning encode(Job job, String key) {
        SamplingParams params = job.params();
        Model model = models.get(params.model());
        Optional<RgbImage> image =
                encodesImage(params) ? sources.of(params).map(SampleRequest.Source::image) : Optional.empty();
        Conditioning text;
        try (LoadedLoras.Held held = retry.call(() -> loras.hold(model, params))) {
            text = model.encode(
                    job.prompt(),
                    job.negativePrompt(),
                    params.prompting(),
                    steps(job),
                    held.ofText(),
                    retry.call(() -> embeddings.uses(job)));
        }
        Conditioning conditioning =
                image.map(model::encode).map(text::withPicture).orElse(text);
        retry.await(() -> cache.put(key, conditioning.toBytes()));
        return conditioning;
    }

    private boolean encodesImage(SamplingParams params) {
        return params.source() != null && models.get(params.model()).encodesImages();
    }

    /** Of each pass of the job. */
    private static List<Integer> steps(Job job) {
        int first = job.params().steps();
        return job.hires() == null ? List.of(first) : List.of(first, job.hires().steps());
    }

    /** What they are and their weights for text, wherever a worker keeps the files. */
    private String lorasOf(SamplingParams params) {
        return retry.call(() -> loras.uses(params)).stream()
                .map(use -> "%s@%s:%s".formatted(use.name(), use.version(), use.textWeight()))
                .collect(Collectors.joining("\n"));
    }

    private String embeddingsOf(Job job) {
        return retry.call(() -> embeddings.uses(job)).stream()
                .map(use -> "%s@%s".formatted(use.name(), use.version()))
                .collect(Collectors.joining("\n"));
    }

    private String key(Job job) {
        SamplingParams params = job.params();
        boolean plain = params.prompting().syntax() == PromptSyntax.PLAIN;
        List<String> parts = List.of(
                FORMAT,
                params.model(),
                job.prompt(),
                job.negativePrompt(),
                JobJson.write(new Prompting(
                        params.prompting().syntax(), params.prompting().clipSkip(), List.of())),
                lorasOf(params),
                embeddingsOf(job),
                plain ? "" : steps(job).toString(),
                encodesImage(params)
                        ? "%s %dx%d".formatted(params.source().image().object(), params.width(), params.height())
                        : "");
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            for (String part : parts) {
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
