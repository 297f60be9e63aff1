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
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Encodes the text of jobs, and the first frame for models that encode it. Results are cached under a hash of their
 * inputs.
 */
final class TextStage {
    /** Part of the keys, so that results of releases with another format are not read. */
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
     */
    record Encoded(String key, Conditioning conditioning) {}

    /** The files that a job adds to its model, as this worker has them. */
    private record AddOns(List<LoadedLoras.Use> loras, List<EmbeddingLibrary.Use> embeddings) {}

    /** Encodes a job's text, or returns it from the cache. */
    Encoded encode(Job job) {
        String key = key(job, retry.call(() -> addOns(job)));
        return new Encoded(key, cached(key).orElseGet(() -> encode(job, key)));
    }

    /** Returns a job's encoded text. It is encoded again when the cache no longer has it. */
    Conditioning conditioning(SamplingJob job) {
        String key = job.conditioningKey();
        return key == null ? encode(job).conditioning() : cached(key).orElseGet(() -> encode(job, key));
    }

    private AddOns addOns(Job job) throws IOException {
        return new AddOns(loras.uses(job.params()), embeddings.uses(job));
    }

    private Optional<Conditioning> cached(String key) {
        return retry.await(() -> cache.get(key)).map(Conditioning::fromBytes);
    }

    private Conditioning encode(Job job, String key) {
        SamplingParams params = job.params();
        Model model = models.get(params.model());
        Optional<RgbImage> image =
                encodesImage(params) ? sources.of(params).map(SampleRequest.Source::image) : Optional.empty();
        Conditioning text = retry.call(() -> encode(model, job));
        Conditioning conditioning =
                image.map(model::encode).map(text::withImage).orElse(text);
        retry.await(() -> cache.put(key, conditioning.toBytes()));
        return conditioning;
    }

    /** Looks up the files immediately before they are read, because they can be replaced at any time. */
    private Conditioning encode(Model model, Job job) throws IOException {
        AddOns addOns = addOns(job);
        try (LoadedLoras.Held held = model.loras().hold(addOns.loras())) {
            return model.encode(
                    job.prompt(),
                    job.negativePrompt(),
                    job.params().prompting(),
                    steps(job),
                    held.ofText(),
                    addOns.embeddings());
        }
    }

    private boolean encodesImage(SamplingParams params) {
        return params.source() != null && models.get(params.model()).encodesImages();
    }

    /** The number of steps of each pass. */
    private static List<Integer> steps(Job job) {
        int first = job.params().steps();
        return job.hires() == null ? List.of(first) : List.of(first, job.hires().steps());
    }

    /** Names, versions and text weights, without paths: the same for every worker that has the same files. */
    private static String lorasKey(AddOns addOns) {
        return addOns.loras().stream()
                .map(use -> "%s@%s:%s".formatted(use.name(), use.version(), use.textWeight()))
                .collect(Collectors.joining("\n"));
    }

    private static String embeddingsKey(AddOns addOns) {
        return addOns.embeddings().stream()
                .map(use -> "%s@%s".formatted(use.name(), use.version()))
                .collect(Collectors.joining("\n"));
    }

    private String key(Job job, AddOns addOns) {
        SamplingParams params = job.params();
        boolean plain = params.prompting().syntax() == PromptSyntax.PLAIN;
        List<String> parts = List.of(
                FORMAT,
                params.model(),
                job.prompt(),
                job.negativePrompt(),
                JobJson.write(new Prompting(
                        params.prompting().syntax(), params.prompting().clipSkip(), List.of())),
                lorasKey(addOns),
                embeddingsKey(addOns),
                plain ? "" : steps(job).toString(),
                encodesImage(params)
                        ? "%s %dx%d".formatted(params.source().image().object(), params.width(), params.height())
                        : "");
        MessageDigest sha256 = DigestUtils.getSha256Digest();
        for (String part : parts) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            sha256.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
            sha256.update(bytes);
        }
        return Hex.encodeHexString(sha256.digest());
    }
}
