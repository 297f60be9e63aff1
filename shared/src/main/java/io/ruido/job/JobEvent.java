package io.ruido.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/**
 * Something that happened to a job. Events of a job are numbered from 1 without a gap; the job's last event is the
 * {@link State} that is terminal.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = JobEvent.State.class, name = "state"),
    @JsonSubTypes.Type(value = JobEvent.Queue.class, name = "queue"),
    @JsonSubTypes.Type(value = JobEvent.Image.class, name = "image"),
    @JsonSubTypes.Type(value = JobEvent.Step.class, name = "step"),
    @JsonSubTypes.Type(value = JobEvent.Result.class, name = "result"),
    @JsonSubTypes.Type(value = JobEvent.Warnings.class, name = "warnings")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface JobEvent {

    long number();

    /** Returns the time by Redis's clock, in milliseconds since 1970. */
    long time();

    default boolean last() {
        return this instanceof State state && state.state().terminal();
    }

    /** Returns whether this event replaces an earlier one. */
    default boolean overtakes(JobEvent earlier) {
        return switch (this) {
            case Step step -> earlier instanceof Step other && other.index() == step.index();
            case Queue queue -> earlier instanceof Queue;
            case State state -> false;
            case Image image -> false;
            case Result result -> false;
            case Warnings warnings -> false;
        };
    }

    /**
     * The job as a whole changed its state.
     *
     * @param error reason of a failure, otherwise null
     */
    record State(long number, long time, JobState state, String error) implements JobEvent {}

    /**
     * The position of a waiting job has changed.
     *
     * @param position position in the queue of the model, from 1
     * @param eta expected end, in milliseconds since 1970; null while it is unknown
     */
    record Queue(long number, long time, int position, Long eta) implements JobEvent {}

    /**
     * An image changed its state.
     *
     * @param attempt number of the claim, from 1; it increases when another worker claims the image after a failure
     */
    record Image(long number, long time, int index, JobState state, int attempt) implements JobEvent {}

    /**
     * An image advanced by a denoising step.
     *
     * @param preview data URI of a small image of the current estimate, or null
     */
    record Step(long number, long time, int index, int step, int steps, String preview) implements JobEvent {}

    /**
     * An image is ready.
     *
     * @param key key of the object in the bucket
     */
    record Result(long number, long time, int index, String key) implements JobEvent {}

    /**
     * Parts of the request have no effect on the images.
     *
     * @param messages for example which part of the prompt was cut off
     */
    record Warnings(long number, long time, List<String> messages) implements JobEvent {
        public Warnings {
            messages = List.copyOf(messages);
        }
    }
}
