package io.ruido.job;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.UUID;

/** A message on a queue. It is complete, so any worker can process it. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = PromptJob.class, name = "prompt"),
    @JsonSubTypes.Type(value = SamplingJob.class, name = "sampling")
})
public sealed interface Job permits PromptJob, SamplingJob {

    /** Returns the id that the client knows; a UUIDv7, so that ids sort by age. */
    UUID jobId();

    String prompt();

    String negativePrompt();

    SamplingParams params();

    Priority priority();

    Instant submittedAt();

    /** Returns the second pass of each image, or null. */
    Hires hires();

    /** Returns the parameters of the last pass, which makes the result. */
    @JsonIgnore
    default SamplingParams lastPass() {
        return hires() == null ? params() : hires().of(params());
    }

    /** Returns the number of steps of an image in all passes. */
    @JsonIgnore
    default int stepsMade() {
        return params().stepsMade() + (hires() == null ? 0 : hires().stepsMade());
    }

    /** Returns a new job with the same work. */
    Job again(UUID id, Instant now);

    /** Returns the number of images of the client's job. */
    @JsonIgnore
    int images();
}
