package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A job as the client submits it: a prompt and the number of images. The prompt stage encodes the prompt once and fans
 * out one {@link SamplingJob} for each image.
 *
 * @param count images, each with the next seed or variation
 * @param origin the compatible interface that submitted it, or null
 * @param hires the second pass of each image, or null
 */
public record PromptJob(
        UUID jobId,
        String prompt,
        String negativePrompt,
        int count,
        SamplingParams params,
        Priority priority,
        Instant submittedAt,
        @JsonInclude(JsonInclude.Include.NON_NULL) String origin,
        @JsonInclude(JsonInclude.Include.NON_NULL) Hires hires)
        implements Job {

    @JsonCreator
    public PromptJob {
        check(jobId != null, "jobId", jobId, "must be given");
        check(prompt != null, "prompt", prompt, "must be given");
        negativePrompt = negativePrompt == null ? "" : negativePrompt;
        check(count > 0, "count", count, "must be at least 1");
        check(params != null, "params", params, "must be given");
        check(priority != null, "priority", priority, "must be given");
        check(submittedAt != null, "submittedAt", submittedAt, "must be given");
    }

    /** Creates a job of Ruido's own interface. */
    public PromptJob(
            UUID jobId,
            String prompt,
            String negativePrompt,
            int count,
            SamplingParams params,
            Priority priority,
            Instant submittedAt) {
        this(jobId, prompt, negativePrompt, count, params, priority, submittedAt, null, null);
    }

    @Override
    public PromptJob again(UUID id, Instant now) {
        return new PromptJob(id, prompt, negativePrompt, count, params, priority, now, origin, hires);
    }

    @Override
    public int images() {
        return count;
    }

    /**
     * Returns one sampling job for each image. Every delivery of this job gives the same ids, so that a redelivered
     * prompt runs nothing twice.
     *
     * @param conditioningKey key of the encoded text in the cache
     */
    public Stream<SamplingJob> fanOut(String conditioningKey) {
        return Stream.iterate(0, index -> index < count, index -> index + 1)
                .map(index -> new SamplingJob(
                        new SampleId(jobId, index),
                        prompt,
                        negativePrompt,
                        conditioningKey,
                        params.ofImage(index),
                        priority,
                        submittedAt,
                        hires));
    }
}
