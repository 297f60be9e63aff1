package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.UUID;

/**
 * One image: a fully resolved unit of denoising. It carries the text as well as the key of its encoding, so that it can
 * be run after the cached encoding has expired.
 *
 * @param conditioningKey key of the encoded text in the cache, or null when nothing has been encoded yet
 * @param hires the second pass, or null
 */
public record SamplingJob(
        SampleId id,
        String prompt,
        String negativePrompt,
        String conditioningKey,
        SamplingParams params,
        Priority priority,
        Instant submittedAt,
        @JsonInclude(JsonInclude.Include.NON_NULL) Hires hires)
        implements Job {

    @JsonCreator
    public SamplingJob {
        check(id != null, "id", id, "must be given");
        prompt = prompt == null ? "" : prompt;
        negativePrompt = negativePrompt == null ? "" : negativePrompt;
        check(params != null, "params", params, "must be given");
        check(priority != null, "priority", priority, "must be given");
        check(submittedAt != null, "submittedAt", submittedAt, "must be given");
    }

    /** Creates an image with one pass. */
    public SamplingJob(
            SampleId id,
            String prompt,
            String negativePrompt,
            String conditioningKey,
            SamplingParams params,
            Priority priority,
            Instant submittedAt) {
        this(id, prompt, negativePrompt, conditioningKey, params, priority, submittedAt, null);
    }

    @Override
    @JsonIgnore
    public UUID jobId() {
        return id.jobId();
    }

    @Override
    public SamplingJob again(UUID newId, Instant now) {
        return new SamplingJob(
                new SampleId(newId, 0), prompt, negativePrompt, conditioningKey, params, priority, now, hires);
    }

    @Override
    public int images() {
        return 1;
    }
}
