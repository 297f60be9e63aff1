package io.ruido.job;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.UUID;

/** A message on one of the queues: what is to be done, complete enough that any worker can do it. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = PromptJob.class, name = "prompt"),
    @JsonSubTypes.Type(value = SamplingJob.class, name = "sampling")
})
public sealed interface Job permits PromptJob, SamplingJob {

    /** The id that the client knows; a UUIDv7, so that ids sort by age. */
    UUID jobId();

    String prompt();

    String negativePrompt();

    SamplingParams params();

    Priority priority();

    Instant submittedAt();

    /** The second pass of each image, or null. */
    Hires hires();

    /** The parameters of the pass that makes the result. */
    @JsonIgnore
    default SamplingParams lastPass() {
        return hires() == null ? params() : hires().of(params());
    }

    /** How many steps an image takes, in all passes. */
    @JsonIgnore
    default int stepsMade() {
        return params().stepsMade() + (hires() == null ? 0 : hires().stepsMade());
    }

    /** The same work as a job of its own. */
    Job again(UUID id, Instant now);

    /** How many images the client's job has. */
    @JsonIgnore
    int images();
}
